"""Tells open pages that there is news: server-sent events, by a program of its own.

`app` is what `keepline live` serves, `hub` knows who watches and listens to the database, `door`
looks at the session. docs/decisions/0019-live-pages.md says why it is not a part of the web server.
"""
