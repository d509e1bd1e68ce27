"""Clients that cannot be told a base URL reach the mock all the same: https to the service's hosts leads to a world.

    with running(worlds) as server, intercepted(server, "default", "sandbox") as way:
        argv = ["curl", "-s", "https://mega-api-prod.nemovideo.ai/..."]
        subprocess.run(way.wrap(argv), env=way.environment(argv, os.environ))

Any number of commands, one after another or at once, may run by one interception; commands in different worlds need one each.

sandbox (Linux): a network of their own that is loopback alone, where the mock listens at port 443, and the system's hosts,
names and authorities replaced: whatever else they try fails at once. env (anywhere): variables for a proxy and for
authorities, and hooks for Python and Node: what knows neither reaches the real network.
"""

from mock_server.intercept.certificates import NoTLS
from mock_server.intercept.interception import Blocked, Interception, Mode, intercepted
from mock_server.intercept.routing import API_HOST, HOSTS, WEB_HOSTS

__all__ = ["API_HOST", "HOSTS", "WEB_HOSTS", "Blocked", "Interception", "Mode", "NoTLS", "intercepted"]
