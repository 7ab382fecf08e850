# SPDX-License-Identifier: GPL-2.0-or-later
# The feature among all others, with OpenSSL.
#: full-common openssl
