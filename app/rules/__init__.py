"""The law as pure functions: facts and dated parameters in, a decision with its trace out. Imports `app.core` alone."""
