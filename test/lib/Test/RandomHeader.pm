# SPDX-License-Identifier: GPL-2.0-or-later
package Test::RandomHeader;

# PROXY headers made at random, for test/e2e/abuse/: each with the verdict that is due. All choices are made by
# rand(), so that a seed repeats them.
#
#   good      a receiver must take it; {client} is the address that counts then, undef if it is the peer's own
#   bad       begins as a header and breaks its grammar
#   alien     no header at all
#   cut       the start of a good one
#   mutated   a good one with some bytes changed: its verdict is unknown

use strict;
use warnings;
use Exporter qw(import);
use Socket qw(AF_INET AF_INET6 inet_ntop);
use Test::Header qw(v1 v2 tlv noop sealed PROXY LOCAL TCP4 TCP6 V1_MAX REST_MAX);

our @EXPORT_OK = qw(good bad alien bytes cut mutated pick);

sub pick  { return $_[rand @_] }
sub bytes { my ($n) = @_; return join '', map { chr int rand 256 } 1 .. $n }
sub port  { return pick(0, 1, 25, 65_535, map { int rand 65_536 } 1 .. 8) }

# --- addresses and TLVs ---------------------------------------------------------------

# Addresses as bytes. Clients are from networks that no peer of a test is from.
sub v4 { return pack 'C4', pick([192, 0, 2], [198, 51, 100], [203, 0, 113])->@*, int rand 256 }
sub v6 { return rand() < 0.1 ? "\0" x 10 . "\xff\xff" . v4() : pack 'n8', 0x2001, 0xdb8, map { pick(0, 0, int rand 65_536) } 1 .. 6 }

# As Exim shows it: an IPv4 address mapped into IPv6 is the IPv4 address. And one of the ways to write it.
sub text { my ($address) = @_; return inet_ntop(length $address == 4 ? AF_INET : AF_INET6, $address) }
sub shown { my ($address) = @_; return text($address =~ s/\A\0{10}\xff\xff(?=.{4}\z)//sr) }
sub written { my ($address) = @_; my $text = text($address); return length $address == 4 ? $text : pick($text, uc $text, sprintf join(':', ('%x') x 8), unpack 'n8', $address) }

# Addresses and ports as bytes or as fields of a line, and the client among them
sub ends {
  my ($from, $to, @port) = (pick(@_)->(), pick(@_)->(), port(), port());
  return ($from . $to . pack('n2', @port), shown($from), [written($from), written($to), @port]);
}

my @word = ('smtp', 'mx.example.net', 'TLSv1.3', "\xc3\xa9.example", "a\r\nb", "\xe2\x80\xae", '${run{x}}', '');
sub word { return rand() < 0.8 ? pick(@word) : bytes(int rand 64) }
sub tls { return tlv(0x20, pack('C N', int rand 8, pick(0, 0, 18, int rand 2**32)) . join '', map { tlv(0x21 + int rand 8, word()) } 1 .. rand 8) }

my @tlv = (
  sub { tlv(pick(0x01, 0x02, 0x30), word()) }, sub { tlv(0x05, bytes(int rand 129)) }, sub { tlv(0x04, "\0" x rand 200) }, \&tls, \&tls,
  sub { tlv(0xea, "\1vpce-" . word()) }, sub { tlv(0xee, "\1" . bytes(4)) }, sub { tlv(0xe0, bytes(8)) }, sub { tlv(int rand 256 | 0xe0, bytes(int rand 40)) },
  sub { tlv(0x28, bytes(int rand 3000)) },
  # values that do not fit: such a header is good all the same
  sub { tlv(0x20, pick(bytes(int rand 5), bytes(5) . pick("\x22", "\x22\0\5ab"))) }, sub { tlv(0x05, bytes(129 + int rand 200)) },
  sub { tlv(pick(0xe0, 0xea, 0xee), pick('', "\1", "\1" . bytes(int rand 12), bytes(int rand 12))) },
);

sub tlvs {
  my $n = rand() < 0.4 ? 0 : rand() < 0.9 ? 1 + int rand 8 : int rand 200;
  my $all = '';
  while ($n-- > 0 && length $all < 50_000) { $all .= pick(@tlv)->() }
  return $all;
}

# --- headers --------------------------------------------------------------------------

sub line { my ($word, @make) = @_; my (undef, $client, $fields) = ends(@make); return (v1($word, @$fields), $client) }
sub binary { my ($family, $make) = @_; my ($rest, $client) = ends($make); return (v2(PROXY, $family, $rest . tlvs()), $client) }
sub checked { my ($family, $make) = @_; my ($rest, $client) = ends($make); return (sealed(PROXY, $family, $rest, tlvs()), $client) }

my @good = (
  sub { return line('TCP4', \&v4) }, sub { return line('TCP6', \&v6) }, sub { return line(pick('TCP4', 'TCP6'), \&v4, \&v6) },
  sub { return v1('UNKNOWN', pick([], ['1.2.3.4 5.6.7.8 1 2'], ['x'], ["\0\t"], [''])->@*) },
  sub { return binary(TCP4, \&v4) }, sub { return binary(TCP4, \&v4) }, sub { return binary(TCP6, \&v6) },
  sub { return checked(TCP4, \&v4) }, sub { return checked(TCP6, \&v6) },
  sub { return v2(LOCAL, int rand 256, rand() < 0.5 ? '' : bytes(int rand 300)) },
  sub { return (binary(0x12, \&v4))[0] }, sub { return v2(PROXY, 0x00, tlvs()) }, sub { return v2(PROXY, 0x31, bytes(216) . tlvs()) },
  sub { my ($rest, $client) = ends(\&v4); return (v2(PROXY, TCP4, $rest . noop(REST_MAX - 12)), $client) },
);

sub good {
  my $at = int rand @good;
  $at = int rand @good if $at == $#good;     # the largest one is slow to make and to send: not so often
  my ($bytes, $client) = $good[$at]->();
  return { class => 'good', bytes => $bytes, client => $client };
}

# One field of a version 1 line made bad
sub bad_v1 {
  my @field = ('TCP4', (ends(\&v4))[2]->@*);
  my $at = int rand @field;
  $field[$at] = $at == 0 ? pick('TCP5', 'tcp4', 'TCP', 'UNKNOWNx', '')
    : $at < 3 ? pick('256.1.1.1', '1.1.1', '01.1.1.1', '1.1.1.1.1', ':::1', '1::2::3', '::1%lo', '', '-1.1.1.1', '1.1.1.1%lo')
    : pick('65536', '-1', '+25', '025', '4294967321', 'smtp', '', '2 5');
  return v1(@field);
}

my @bad = (
  \&bad_v1, \&bad_v1, \&bad_v1,
  sub { return v1('TCP4', join pick("\t", '  ', "\x0b"), (ends(\&v4))[2]->@*) },
  sub { return v1('TCP4', (ends(\&v4))[2]->@*, pick('', 'x', "\0")) },
  sub { return 'PROXY UNKNOWN ' . 'x' x (V1_MAX + rand 2000) . "\r\n" },
  sub { return v2(pick(0x21 ^ (1 << (4 + int rand 4)), 0x22 + int rand 14), TCP4, (ends(\&v4))[0] . tlvs()) },
  sub { return v2(PROXY, pick(0x41, 0xf1, 0x13, 0x2f), (ends(\&v4))[0] . tlvs()) },
  sub { my ($family, $size) = pick([TCP4, 12], [0x12, 12], [TCP6, 36], [0x20, 36], [0x31, 216])->@*; return v2(PROXY, $family, bytes(int rand $size)) },
  sub { return v2(PROXY, TCP4, (ends(\&v4))[0] . tlvs() . pick("\1", "\1\0", tlv(2, 'x' x 20) =~ s/.{1,20}\z//r)) },
  sub { return sealed(PROXY, TCP4, (ends(\&v4))[0], tlvs(), 1 + int rand 2**31) },
  sub { return v2(PROXY, TCP4, (ends(\&v4))[0] . tlv(3, bytes(pick(0, 3, 5)))) },
);

sub bad { return { class => 'bad', bytes => pick(@bad)->() } }

sub alien {
  my $bytes = pick("EHLO client.example\r\n", "GET / HTTP/1.0\r\n\r\n", "\x16\3\1\2\0\1\0\1\xfc\3\3" . bytes(500), "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    "PROXX \r\n", "\r\n\r\n\0\r\nQUIX\n", "QUIT\r\n", "\0" x (1 + rand 3000), bytes(1 + rand 300) =~ s/\A[P\r]/A/r);
  return { class => 'alien', bytes => $bytes };
}

sub cut {
  my $whole = good()->{bytes};
  my $most = length($whole) - 1;
  my $at = rand() < 0.7 && $most > 60 ? int rand 60 : int rand 1 + $most;
  return { class => 'cut', bytes => substr $whole, 0, $at };
}

sub mutated {
  my $bytes = good()->{bytes};
  for (1 .. 1 + int rand 4) {
    my $at = int rand(rand() < 0.7 && length $bytes > 60 ? 60 : length $bytes);
    my $how = int rand 5;
    if    ($how == 0) { substr($bytes, $at, 1) = chr(ord(substr $bytes, $at, 1) ^ 1 << int rand 8) }
    elsif ($how == 1) { substr($bytes, $at, 1) = pick("\0", "\xff", "\r", "\n", ' ', bytes(1)) }
    elsif ($how == 2) { substr($bytes, $at, 1 + int rand 4) = '' }
    elsif ($how == 3) { substr($bytes, $at, 0) = bytes(1 + int rand 4) }
    else              { substr($bytes, $at, 0) = substr $bytes, int rand length $bytes, 1 + int rand 20 }
    last if $bytes eq '';
  }
  return { class => 'mutated', bytes => $bytes };
}

1;
