def test_prod(server_factory, viewer_factory):
    s = server_factory(embedded=True)
    room = s.api().create_room()
    v = viewer_factory(s, room)
    t = s.api().create_timer(room); s.api().start(room, t)
    v.wait_for("timer-update")
    import time; t0=time.time()
    print("stop", s.stop(), time.time()-t0)
    print(s.read_log())
