#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usage: test/fuzz/naive.pl <SAMPLES
#
# A decoder of PROXY protocol headers for comparison, written from a description of the protocol alone, by
# regular expressions and unpack. Reads inputs from standard input, each after its size in four bytes, and
# prints a line for each:
#
#   none
#   more SIZE          SIZE of the whole header, 0 if it is not known yet
#   bad SIZE           where the header ends, 0 if that is not known
#   good SIZE VERSION COMMAND BITS SOURCE PORT TARGET PORT NAME=TEXT...
#
# with addresses and texts in hex, BITS 0, 32 or 128, and the names in alphabetical order. test/fuzz/tell
# prints the same by the project's own parser.
#
# exit codes: 0 done; 1 the samples are cut; 2 bad usage

use strict;
use warnings;
use FindBin ();
use MIME::Base64 ();
use bytes;
use lib "$FindBin::RealBin/../lib";
use Help qw(arguments);

my $octet = qr/(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])/;
my $quad = qr/$octet(?:\.$octet){3}/;
my $group = qr/[0-9A-Fa-f]{1,4}/;
my $port = qr/(?:0|[1-9][0-9]{0,4})/;

sub inet { my $s = shift; return $s =~ /\A$quad\z/ ? pack('C4', split /\./, $s) : undef }

sub inet6
{
my $s = shift;
$s =~ s/(\A|:)($quad)\z/$1 . join ':', map { sprintf '%x', $_ } unpack 'n2', inet($2)/e;
return undef if $s =~ /::.*::/ || $s =~ /:::/;
my ($head, $tail) = $s =~ /\A(.*)::(.*)\z/s ? ($1, $2) : ($s, undef);
for ($head, $tail) { return undef if defined && $_ ne '' && !/\A$group(?::$group)*\z/ }
my @head = split /:/, $head;
my @tail = defined $tail ? split /:/, $tail : ();
return undef if defined $tail ? @head + @tail > 7 : @head != 8;
return pack 'n8', map { hex } @head, (0) x (8 - @head - @tail), @tail;
}

sub one
{
my $d = shift;
my $end = index $d, "\r\n";
return length $d < 107 ? 'more 0' : 'bad 0' if $end < 0;
my $size = $end + 2;
my $line = substr $d, 0, $end;
return "bad $size" if $size > 107;
return "good $size 1 unknown 0 " . '00' x 16 . ' 0 ' . '00' x 16 . ' 0' if $line =~ /\APROXY UNKNOWN(?: .*)?\z/s;
my ($v, $s, $t, $sp, $tp) = $line =~ /\APROXY TCP([46]) ([^ ]*) ([^ ]*) ($port) ($port)\z/ or return "bad $size";
($s, $t) = map { $v == 4 ? inet($_) : inet6($_) } $s, $t;
return "bad $size" if !defined $s || !defined $t || $sp > 65535 || $tp > 65535;
return sprintf 'good %d 1 proxy %d %s %d %s %d', $size, $v == 4 ? 32 : 128, whole($s), $sp, whole($t), $tp;
}

sub whole { return unpack 'H*', $_[0] . "\0" x (16 - length $_[0]) }

# A row of TLVs as a list of [type, value, offset of the value], or nothing if it is not well formed

sub row
{
my ($d, @tlvs) = @_;
my $at = 0;
while ($at < length $d)
  {
  my ($type, $value) = eval { unpack 'C n/a*', substr $d, $at };
  return unless defined $value && length $d >= $at + 3
    && length $value == unpack 'n', substr $d, $at + 1, 2;
  push @tlvs, [$type, $value, $at + 3];
  $at += 3 + length $value;
  }
return \@tlvs;
}

sub crc
{
my $crc = 0xffffffff;
for my $c (unpack 'C*', $_[0])
  {
  $crc ^= $c;
  $crc = $crc & 1 ? ($crc >> 1) ^ 0x82f63b78 : $crc >> 1 for 1 .. 8;
  }
return $crc ^ 0xffffffff;
}

my %top = (alpn => 1, authority => 2, unique_id => 5, netns => 0x30, gcp_psc_id => 0xe0, aws_vpce_id => 0xea,
  azure_linkid => 0xee);
my %in_ssl = (ssl_version => 0x21, ssl_cn => 0x22, ssl_cipher => 0x23, ssl_sig_alg => 0x24, ssl_key_alg => 0x25,
  ssl_group => 0x26, ssl_sig_scheme => 0x27, ssl_client_cert => 0x28);

# RFC 3629's own grammar of UTF-8, less the control characters, the backslash, and what ends lines or turns the
# direction of writing (U+2028 to U+202E, U+2066 to U+2069)
my $shown = qr/[\x20-\x5b\x5d-\x7e]|\xc2[\xa0-\xbf]|[\xc3-\xdf][\x80-\xbf]
  |\xe0[\xa0-\xbf][\x80-\xbf]|(?!\xe2(?:\x80[\xa8-\xae]|\x81[\xa6-\xa9]))[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]
  |\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}/x;

sub text
{
my $s = shift;
$s =~ s/\G(?:($shown)|(.))/defined $1 ? $1 : $2 eq "\\" ? "\\\\" : sprintf "\\%03o", ord $2/ges;
return $s;
}

sub base64 { return MIME::Base64::encode_base64($_[0], "") }

sub values_of
{
my ($tlvs) = @_;
my (%first, %inner, %v);
$first{$_->[0]} //= $_->[1] for @$tlvs;
my ($client, $verify);
if (defined $first{0x20})
  {
  ($client, $verify) = unpack 'C N', $first{0x20};
  $inner{$_->[0]} //= $_->[1] for @{ row(substr $first{0x20}, 5) };
  $v{ssl_verify} = $verify ? "failed $verify" : 'ok' if $client & 6;
  }
for (keys %top) { $v{$_} = text($first{$top{$_}}) if defined $first{$top{$_}} }
for (keys %in_ssl) { $v{$_} = text($inner{$in_ssl{$_}}) if defined $inner{$in_ssl{$_}} }
delete $v{ssl_cn} unless $client && $client & 6;
$v{ssl_client_cert} = base64($inner{0x28}) if defined $inner{0x28};
$v{gcp_psc_id} = unpack 'H*', $first{0xe0} if defined $first{0xe0};
delete @v{qw(aws_vpce_id azure_linkid)};
my @of_subtype_1 = grep { $_->[1] =~ /\A\x01/ } @$tlvs;
my ($aws) = grep { $_->[0] == 0xea } @of_subtype_1;
my ($azure) = grep { $_->[0] == 0xee } @of_subtype_1;
$v{aws_vpce_id} = text(substr $aws->[1], 1) if $aws;
$v{azure_linkid} = unpack 'x V', $azure->[1] if $azure && length $azure->[1] == 5;
return join '', map { " $_=" . unpack 'H*', $v{$_} } sort keys %v;
}

# The TLVs of a whole header, or nothing if they are not all as they should be
sub good_row
{
my ($d, $start) = @_;
my $tlvs = row(substr $d, $start) or return;
for (grep { $_->[0] == 0x20 } @$tlvs) { return unless length $_->[1] >= 5 && row(substr $_->[1], 5) }
my @sums = grep { $_->[0] == 3 } @$tlvs;
return if @sums > 1;
for (@sums)
  {
  return unless length $_->[1] == 4;
  substr(my $zeroed = $d, $start + $_->[2], 4) = "\0" x 4;
  return if crc($zeroed) != unpack 'N', $_->[1];
  }
return $tlvs;
}

sub two
{
my $d = shift;
return 'more 0' if length $d < 16;
my ($command, $family, $length) = unpack 'x12 C C n', $d;
my $size = 16 + $length;
my $bits = { 0x11 => 32, 0x21 => 128 }->{$family} // 0;
my $start = [0, 12, 36, 216]->[$family >> 4];
return "bad $size" unless $command == 0x20
  || ($command == 0x21 && defined $start && ($family & 15) < 3 && $length >= $start);
return "more $size" if length $d < $size;
$d = substr $d, 0, $size;
my $nothing = '00' x 16 . ' 0 ' . '00' x 16 . ' 0';
return "good $size 2 local 0 $nothing" if $command == 0x20;

my $tlvs = good_row($d, 16 + $start);
$tlvs //= [] if $family < 0x10 && !row(substr $d, 16);	# then it is addresses of no known family
return "bad $size" unless $tlvs;
my ($s, $t, $sp, $tp) = $bits == 32 ? unpack 'x16 a4 a4 n n', $d : $bits ? unpack 'x16 a16 a16 n n', $d : ();
return "good $size 2 proxy $bits " . ($bits ? join ' ', whole($s), $sp, whole($t), $tp : $nothing) . values_of($tlvs);
}

sub decode
{
my $d = shift;
my ($one, $two) = ('PROXY ', "\r\n\r\n\0\r\nQUIT\n");
return one($d) if $d =~ /\A\Q$one\E/;
return two($d) if $d =~ /\A\Q$two\E/;
return substr($one, 0, length $d) eq $d || substr($two, 0, length $d) eq $d ? 'more 0' : 'none';
}

arguments(0, 0);
binmode STDIN;
while (read STDIN, my $size, 4)
  {
  my $n = unpack 'N', $size;
  my $d = '';
  die "naive.pl: the samples are cut\n" if $n > 0 && read(STDIN, $d, $n) != $n;
  print decode($d), "\n";
  }
