"""Reads dotenv files as python-dotenv does, references followed, with nothing in the environment to refer to.

FILE... -> a JSON array with one object of names and values for each.
"""
import json
import os
import sys

from dotenv import dotenv_values

os.environ.clear()
json.dump([dotenv_values(path) for path in sys.argv[1:]], sys.stdout)
