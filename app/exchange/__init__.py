"""Files in and out: layouts as data, readers, validators, error files, writers, the snapshot store. No Flask, no database."""
