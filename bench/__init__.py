"""The benchmark: the product beside a Node.js peer, its stock libraries and a floor."""
