"""What gunicorn serves in a test: the product, and how many greenlets it has."""

import gc

from greenlet import greenlet

from wsgi import app


@app.get("/greenlets")
def count_greenlets() -> str:
    """Answer how many there are."""
    gc.collect()
    # By type: `isinstance` asks a proxy for what it stands for, which may be nothing.
    found = (each for each in gc.get_objects() if issubclass(type(each), greenlet))
    return str(sum(not each.dead for each in found))
