"""Copying a namespace, or extracting its features anew, into another one."""
