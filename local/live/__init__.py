"""An app that is deployed, as who operates it reaches it: asked over HTTP, sent to by its queue."""
