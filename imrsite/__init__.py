"""The site around the determinations app: settings, processes, servers.

Any process that imports it looks for garbage seldom: while one starts, it makes 250,000 objects that stay, and looking
through them again and again took a sixth of the time. For the same reason none looks for garbage when it ends.
"""

import atexit
import gc

gc.set_threshold(10_000)
atexit.register(gc.freeze)
