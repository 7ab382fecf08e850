# The patched tree without the flag: it must be upstream's Exim.
#: common openssl
