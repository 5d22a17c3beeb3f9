"""The database, PostgreSQL or SQLite, behind one door."""
