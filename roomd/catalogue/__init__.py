"""Where music comes from: a folder of files, pieces made at the first start, and links that people paste."""
