# The feature, with OpenSSL: what scripts/build makes if not told otherwise.
#: common openssl feature
