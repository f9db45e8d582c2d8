"""One request and its response: connections, proxies, certificates, deadlines."""
