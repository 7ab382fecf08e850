# SPDX-License-Identifier: GPL-2.0-or-later
package Test::Header;

# Builds PROXY headers, good ones and bad ones: nothing here checks what it is given.
#
#   v1(FIELD...)                          a version 1 line
#   v2(COMMAND, FAMILY, REST [, LENGTH])  a version 2 header; LENGTH if the stated one is to be another than REST's
#   ipv4(FROM, TO, PORT, PORT)            addresses and ports, as REST begins; FROM and TO are text
#   ipv6(FROM, TO, PORT, PORT)
#   tlv(TYPE, VALUE)
#   tls(CLIENT, VERIFY, SUB-TLV...)       the TLV of TLS
#   noop(SIZE)                            a TLV of no meaning, SIZE bytes in all: none, or at least 3
#   sealed(COMMAND, FAMILY, REST, AFTER [, ERROR])
#                                         with a CRC32C between REST and AFTER, which is wrong by ERROR
#   crc32c(BYTES)

use strict;
use warnings;
use Exporter qw(import);
use Socket qw(AF_INET AF_INET6 inet_pton);

our @EXPORT_OK = qw(v1 v2 ipv4 ipv6 tlv tls noop sealed crc32c SIGNATURE PROXY LOCAL TCP4 TCP6 UNIX V1_MAX REST_MAX);

use constant {
  SIGNATURE => "\r\n\r\n\0\r\nQUIT\n",
  PROXY => 0x21, LOCAL => 0x20,               # version and command
  TCP4 => 0x11, TCP6 => 0x21, UNIX => 0x31,   # family and transport
  V1_MAX => 107, REST_MAX => 65_535,
};

sub v1 { return join(' ', 'PROXY', @_) . "\r\n" }

sub v2 {
  my ($command, $family, $rest, $length) = @_;
  return SIGNATURE . pack('C C n', $command, $family, $length // length $rest) . $rest;
}

sub ipv4 { my ($from, $to, @port) = @_; return inet_pton(AF_INET, $from) . inet_pton(AF_INET, $to) . pack 'n2', @port }
sub ipv6 { my ($from, $to, @port) = @_; return inet_pton(AF_INET6, $from) . inet_pton(AF_INET6, $to) . pack 'n2', @port }

sub tlv  { my ($type, $value) = @_; return pack 'C n/a*', $type, $value }
sub tls  { my ($client, $verify, @sub) = @_; return tlv(0x20, pack('C N', $client, $verify) . join '', @sub) }
sub noop { my ($size) = @_; return $size ? tlv(0x04, "\0" x ($size - 3)) : '' }

sub sealed {
  my ($command, $family, $rest, $after, $error) = @_;
  my $header = v2($command, $family, $rest . tlv(0x03, "\0" x 4) . $after);
  substr($header, length(SIGNATURE) + 4 + length($rest) + 3, 4) = pack 'N', crc32c($header) ^ ($error // 0);
  return $header;
}

my @table = map { my $c = $_; $c = $c & 1 ? $c >> 1 ^ 0x82f63b78 : $c >> 1 for 1 .. 8; $c } 0 .. 255;

sub crc32c {
  my $crc = 0xffffffff;
  $crc = $table[($crc ^ $_) & 255] ^ $crc >> 8 for unpack 'C*', $_[0];
  return $crc ^ 0xffffffff;
}

1;
