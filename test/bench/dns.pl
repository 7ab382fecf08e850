#!/usr/bin/perl
# usage: test/bench/dns.pl ADDRESS
#
# A resolver that knows nothing: it answers each question on UDP port 53 of ADDRESS at once with "no such
# name", so that what a look-up costs does not depend on the machine's network. Prints a line when it is ready.
use strict;
use warnings;
use IO::Socket::INET;

@ARGV == 1 && $ARGV[0] =~ /\A[\d.]+\z/ or die "usage: dns.pl ADDRESS\n";
my $s = IO::Socket::INET->new(LocalAddr => $ARGV[0], LocalPort => 53, Proto => 'udp') or die "dns.pl: $ARGV[0]: $@\n";
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
