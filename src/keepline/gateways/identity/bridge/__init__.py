"""An identity provider behind a bridge: HTTP and JSON, because no two providers speak alike."""
