"""The portal's pages, a file a group: parse, call one flow, render."""
