"""The only I/O: the conversation with Azure Resource Manager, the tables and the queues.

Answers of Azure become events, and errors that are named for what their catcher should do; rows
become restores and back. Failures of our own storage are `Unavailable`.
What follows from an answer is not decided here; no other package imports an SDK or a HTTP library.
"""
