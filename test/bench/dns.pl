#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: test/bench/dns.pl ADDRESS
#
# A resolver that knows nothing: it answers each question on UDP port 53 of ADDRESS at once with "no such
# name", so that what a look-up costs does not depend on the machine's network. Prints a line when it is ready.
#
# It ends when it is killed. Exit codes: 1 the port cannot be had; 2 bad usage.
use strict;
use warnings;
use FindBin ();
use IO::Socket::INET;
use lib "$FindBin::RealBin/../lib";
use Help qw(arguments usage_error);

my ($address) = arguments(1, 1);
usage_error("not an IPv4 address: '$address'") if $address !~ /\A\d+(?:\.\d+){3}\z/;
my $s = IO::Socket::INET->new(LocalAddr => $address, LocalPort => 53, Proto => 'udp') or die "dns.pl: $address: $@\n";
$| = 1;
print "ready\n";
while (defined(my $from = recv $s, my $q, 1500, 0)) {
  next if length $q < 12;
  # the question as it came: id; a response, recursion as asked and available, NXDOMAIN; one question
  my $question = substr $q, 12;
  $question = substr $question, 0, 1 + index($question, "\0") + 4;
  my $rd = ord(substr $q, 2, 1) & 1;
  send $s, substr($q, 0, 2) . pack('C2n4', 0x80 | $rd, 0x83, 1, 0, 0, 0) . $question, 0, $from;
}
