"""A programmable back-to-back user agent for SIP."""

__version__ = "0.1.0"
