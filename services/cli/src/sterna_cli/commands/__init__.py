"""What can be typed after `sterna`; each module is loaded when its command is used."""
