"""What knows the insides of Engine.IO, gevent and gunicorn."""
