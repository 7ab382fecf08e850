# SPDX-License-Identifier: GPL-2.0-or-later
# For those who work on this project. Each target is a script, which says with --help what it does.
# To build an Exim: scripts/build.

help:
	@echo 'make check | unit | fuzz | lint'

check:
	scripts/check

unit:
	test/unit/run

fuzz:
	scripts/fuzz

lint:
	test/lint

.PHONY: help check unit fuzz lint
