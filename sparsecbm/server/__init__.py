"""What a server tells containers, proxies and monitors."""
