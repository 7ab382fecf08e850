# SPDX-License-Identifier: GPL-2.0-or-later
# The feature, with OpenSSL: what scripts/build makes if not told otherwise.
#: common openssl feature
