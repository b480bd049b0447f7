"""What receivers ask over HTTP, and the answers they get.

It reads rows and shows the public columns of them, as JSON or as a problem (RFC 9457).
Nothing can be changed through it.
No SDK of storage or of the Functions host may be in here, and nothing of how a restore goes on.
"""
