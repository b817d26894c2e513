"""Signing people in to applications: we are their OpenID provider (OpenID Connect Core, RFC 6749, 7636, 9700).

Written over joserfc rather than with a framework's server: client and address are checked before anything else,
every answer asks the one decision of `products.access`, and each statement that is often made is a constant.
"""
