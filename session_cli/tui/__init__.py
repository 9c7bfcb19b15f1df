"""The terminal programs: screens drawn by prompt_toolkit, one process a program.

A program is one asyncio loop. What takes long runs in a work thread, every save in the saver's
thread; so the screen answers each key at once.
"""
