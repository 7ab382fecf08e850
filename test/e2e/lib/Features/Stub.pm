# SPDX-License-Identifier: GPL-2.0-or-later
package Features::Stub;

# Small servers for test/e2e/features: of each protocol, as much as Exim's side of it needs. Each writes down what it is
# sent. Those that decide something decide against whoever comes from the address BAD, as far as they are told of it.

use strict;
use warnings;
use IO::Select ();
use IO::Socket::IP ();
use IO::Socket::UNIX ();
use Socket qw(SOCK_STREAM SOCK_DGRAM inet_ntoa);

use constant BAD => qr/\b198\.51\.100\.77\b/;

my %kind = (smtp => \&smtp, socks => \&socks, relay => \&relay, dcc => \&dcc, spamd => \&spamd, rspamd => \&rspamd, line => \&line,
  clamd => \&clamd, dovecot => \&dovecot, ldap => \&ldap, mysql => \&mysql, pgsql => \&pgsql, nmh => \&nmh);
my ($got, @argument);

# main(KIND, PLACE, FILE, ARGUMENT...): PLACE is a path, or "address:port"; FILE is for what is sent.
sub main {
  (my $kind, my $place, $got, @argument) = @_;
  my $serve = $kind{$kind} or die "no such server: $kind\n";
  my $listen;
  if ($place =~ m{^/}) {
    $listen = IO::Socket::UNIX->new(Local => $place, Listen => 20, Type => SOCK_STREAM) or die "$place: $!\n";
    chmod 0777, $place;
  }
  else {
    my ($address, $port) = $place =~ /\A(.*):(\d+)\z/ or die "no such place: $place\n";
    $listen = IO::Socket::IP->new(LocalHost => $address, LocalPort => $port,
      $kind eq 'nmh' ? (Type => SOCK_DGRAM) : (Listen => 20, ReuseAddr => 1)) or die "$place: $@\n";
  }
  $| = 1;
  $SIG{CHLD} = 'IGNORE';
  $SIG{PIPE} = 'IGNORE';
  print "listening\n";
  return $serve->($listen) if $kind eq 'nmh';
  for (;;) {
    my $s = $listen->accept or next;
    my $pid = fork // next;
    next if $pid;
    close $listen;
    alarm 300;          # clock: only a hang takes so long
    $serve->($s);
    exit 0;
  }
}

sub note {
  my ($text) = @_;
  open my $out, '>>', $got or die "$got: $!\n";
  syswrite $out, $text =~ s/\n*\z/\n/r;
  return;
}

sub whole { my ($s) = @_; my $text = ''; 1 while sysread $s, $text, 65_536, length $text; return $text }
sub exactly {
  my ($s, $n) = @_;
  my $text = '';
  while (length $text < $n) { sysread $s, $text, $n - length $text, length $text or exit 0 }
  return $text;
}
sub a_line { my ($s) = @_; my $line = ''; while ($line !~ /\n\z/) { sysread $s, $line, 1, length $line or last } return $line }

# --- mail -----------------------------------------------------------------------------

# ARGUMENT: "cert", "key" and "connect", if it has TLS, and that at once. Refuses recipients named "reject".
sub smtp {
  my ($s) = @_;
  my ($cert, $key, $connect) = @argument;
  my $secure = sub {
    require IO::Socket::SSL;
    IO::Socket::SSL->start_SSL($s, SSL_server => 1, SSL_cert_file => $cert, SSL_key_file => $key) or exit 1;
    note('TLS');
  };
  $secure->() if $connect;
  note('from ' . $s->peerhost . ':' . $s->peerport);
  print {$s} "220 sink.example ESMTP greets you\r\n";
  while (defined(my $line = readline $s)) {
    note($line =~ s/\r?\n//r);
    if    ($line =~ /^EHLO/i)          { print {$s} map { "250$_\r\n" } '-sink.example', '-8BITMIME', $cert && !$s->isa('IO::Socket::SSL') ? '-STARTTLS' : (), '-SMTPUTF8', ' HELP' }
    elsif ($line =~ /^STARTTLS/i)      { print {$s} "220 go ahead\r\n"; $secure->() }
    elsif ($line =~ /^RCPT.*<reject/i) { print {$s} "550 no such person at sink.example\r\n" }
    elsif ($line =~ /^DATA/i) {
      print {$s} "354 go on\r\n";
      my $mail = '';
      while (defined(my $part = readline $s)) { last if $part =~ /^\.\r?\n/; $mail .= $part }
      note($mail =~ tr/\r//dr);
      print {$s} "250 stored\r\n";
    }
    elsif ($line =~ /^LHLO/i)          { print {$s} "250-sink.example\r\n250 HELP\r\n" }
    elsif ($line =~ /^QUIT/i)          { print {$s} "221 bye\r\n"; last }
    else                               { print {$s} "250 OK\r\n" }
  }
  return;
}

# SOCKS version 5, without a password.
sub socks {
  my ($s) = @_;
  my (undef, $n) = unpack 'CC', exactly($s, 2);
  exactly($s, $n);
  syswrite $s, "\5\0";
  my (undef, $command, undef, $kind) = unpack 'C4', exactly($s, 4);
  exit 0 if $command != 1 or $kind != 1;               # CONNECT, IPv4
  my ($address, $port) = (inet_ntoa(exactly($s, 4)), unpack 'n', exactly($s, 2));
  note("connect $address $port");
  my $t = IO::Socket::IP->new(PeerHost => $address, PeerPort => $port) or exit 0;
  syswrite $s, "\5\0\0\1" . pack('C4', split /\./, '192.0.2.99') . pack 'n', 9999;
  both_ways($s, $t);
  return;
}

# ARGUMENT: the address to call from, the one to call, the port, the header to begin with: a proxy.
sub relay {
  my ($s) = @_;
  my ($from, $to, $port, $header) = @argument;
  my $t = IO::Socket::IP->new(LocalHost => $from, PeerHost => $to, PeerPort => $port, Type => SOCK_STREAM) or exit 0;
  syswrite $t, "$header\r\n";
  both_ways($s, $t);
  return;
}

sub both_ways {
  my ($s, $t) = @_;
  my $select = IO::Select->new($s, $t);
  for (;;) {
    for my $ready ($select->can_read) {
      sysread $ready, my $text, 65_536 or exit 0;
      syswrite $ready == $s ? $t : $s, $text;
    }
  }
}

# --- what looks at mail ---------------------------------------------------------------

# dccifd: options, client, HELO, sender, recipients up to an empty line, then the mail.
sub dcc {
  my ($s) = @_;
  my (undef, $client) = split /\n/, my $text = whole($s);
  note($text =~ tr/\r/ /r);
  my $word = $client =~ BAD ? 'R' : 'A';
  syswrite $s, "$word\n$word\nX-DCC-stub-Metrics: mx.example 1; bulk Body=1\n";
  return;
}

# spamd is told of the client by the Received: header alone, rspamd by a header of its own.
sub spamd {
  my ($s) = @_;
  note(my $text = whole($s));
  my $score = $text =~ /^Received: from .*\[@{[BAD]}\]/m ? '15.0' : '1.0';
  syswrite $s, "SPAMD/1.1 0 EX_OK\r\nContent-length: 20\r\n\r\n$score/5.0\r\na report\n";
  return;
}
sub rspamd {
  my ($s) = @_;
  my $text = '';
  while ($text !~ /\r\n\r\n/) { my $line = a_line($s); last if $line eq ''; $text .= $line }
  $text .= exactly($s, $text =~ /^Content-length: (\d+)/mi);
  note($text);
  my ($result, $score) = $text =~ /^IP: @{[BAD]}\r$/m ? ('True', '15.00') : ('False', '1.00');
  syswrite $s, "RSPAMD/1.3 0 EX_OK\r\nMetric: default; $result; $score / 5.00 / 20.00\r\nSymbol: STUB\r\n\r\n";
  return;
}

# Says "ADDRESS is fine" or "ADDRESS is BAD!" of the address in what it is sent at first; with ARGUMENT "short", the last word.
sub line {
  my ($s) = @_;
  sysread $s, my $line, 4096;
  note($line);
  my ($address) = $line =~ /((?:\d+\.){3}\d+)/;
  my $word = $line =~ BAD ? 'BAD!' : 'fine';
  syswrite $s, @argument ? "$word\n" : ($address // 'nobody') . " is $word\n";
  return;
}

# The mail itself comes in pieces with their lengths.
sub clamd {
  my ($s) = @_;
  my $command = exactly($s, 10) =~ tr/\0//dr;
  my $mail = '';
  while (my $n = unpack 'N', exactly($s, 4)) { $mail .= exactly($s, $n) }
  note("$command\n$mail");
  syswrite $s, 'stream: ' . ($mail =~ /\[@{[BAD]}\]/ ? 'Stub-Virus FOUND' : 'OK') . "\0";
  return;
}

# --- passwords ------------------------------------------------------------------------

sub dovecot {
  my ($s) = @_;
  syswrite $s, "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nDONE\n";
  while ((my $line = a_line($s)) ne '') {
    note($line =~ tr/\t\r/ /dr);
    my ($id) = $line =~ /^AUTH\t(\d+)/ or next;
    syswrite $s, $line =~ /\trip=@{[BAD]}\t/ ? "FAIL\t$id\tuser=user\n" : "OK\t$id\tuser=user\n";
  }
  return;
}

# --- data bases -----------------------------------------------------------------------

# What all of them say: the first word in the query that is an address, and what it is.
sub verdict {
  my ($query) = @_;
  my ($address) = $query =~ /((?:\d{1,3}\.){3}\d{1,3})/ or return 'nobody';
  return $address =~ BAD ? "bad $address" : "good $address";
}

# A TLV of BER, short or long.
sub ber { my ($tag, @parts) = @_; my $text = join '', @parts; my $n = length $text; return pack('C', $tag) . ($n < 128 ? pack 'C', $n : pack 'Cn', 0x82, $n) . $text }
sub ldap {
  my ($s) = @_;
  for (;;) {
    my ($tag, $n) = unpack 'CC', exactly($s, 2);
    $n = unpack 'N', substr "\0\0\0\0" . exactly($s, $n & 0x7f), -4 if $n & 0x80;
    my $text = exactly($s, $n);
    my ($size) = unpack 'xC', $text;
    my ($id, $what, $rest) = (substr($text, 0, 2 + $size), unpack('C', substr $text, 2 + $size, 1), substr $text, 3 + $size);
    return if $what == 0x42;
    note('query ' . $rest =~ tr/ -~/./cr);
    my ($asked) = $rest =~ m{address\x04(?|\x0c(.{12})|\x0d(.{13}))}s;
    my $fine = join '', ber(0x0a, "\0"), ber(4), ber(4);
    if ($what == 0x60) { syswrite $s, ber(0x30, $id, ber(0x61, $fine)); next }
    syswrite $s, ber(0x30, $id, ber(0x64, ber(4, 'cn=stub'), ber(0x30, ber(0x30, ber(4, 'verdict'), ber(0x31, ber(4, verdict($asked // '')))))));
    syswrite $s, ber(0x30, $id, ber(0x65, $fine));
  }
}

sub mysql {
  my ($s) = @_;
  my $number = 0;
  my $send = sub { syswrite $s, join '', map { pack('VX', length) . pack('C', $number++) . $_ } @_ };
  my $read = sub { my ($low, $high, $n) = unpack 'vCC', exactly($s, 4); $number = $n + 1; return exactly($s, $high << 16 | $low) };
  my $text = sub { join '', map { pack 'C/a*', $_ } @_ };
  $send->(pack('C Z* V a8 x v C v v C x10 a12 x', 10, '5.7.0', 1, 'abcdefgh', 0x8209, 33, 2, 0x0008, 21, 'ijklmnopqrst') . "mysql_native_password\0");
  $read->();
  $send->("\0\0\0\2\0\0\0");
  for (;;) {
    my ($command, $query) = unpack 'C a*', $read->();
    return if $command == 1;
    if ($command != 3 or $query !~ /select/i) { $send->("\0\0\0\2\0\0\0"); next }
    note($query);
    my $end = "\xfe\0\0\2\0";
    $send->("\1", $text->('def', '', '', '', 'verdict', '') . pack('C v V C v C x2', 12, 33, 255, 253, 0, 0), $end, $text->(verdict($query)), $end);
  }
}

sub pgsql {
  my ($s) = @_;
  my $send = sub { while (my ($kind, $text) = splice @_, 0, 2) { syswrite $s, $kind . pack('N', 4 + length $text) . $text } };
  for (;;) {
    my $start = exactly($s, unpack('N', exactly($s, 4)) - 4);
    last if unpack('N', $start) == 196_608;
    syswrite $s, 'N';
  }
  $send->(R => pack('N', 0), S => "client_encoding\0UTF8\0", S => "standard_conforming_strings\0on\0", S => "server_version\x{0}15.0\0", Z => 'I');
  for (;;) {
    my $kind = exactly($s, 1);
    my $query = exactly($s, unpack('N', exactly($s, 4)) - 4);
    return if $kind eq 'X';
    next if $kind ne 'Q';
    $query =~ s/\0\z//;
    note($query);
    if ($query !~ /select.*\d/i) { $send->(C => "SET\0", Z => 'I'); next }
    $send->(T => pack('n Z* N n N n N n', 1, 'verdict', 0, 0, 25, 65_535, 0xffffffff, 0),
      D => pack('n N/a*', 1, verdict($query)), C => "SELECT 1\0", Z => 'I');
  }
}

# By UDP: a table, a zero byte, a figure for the question, and the address; the answer is a digit.
sub nmh {
  my ($s) = @_;
  while (defined $s->recv(my $query, 4096)) {
    note($query =~ tr/ -~/ /cr);
    $s->send($query =~ BAD ? '2' : '0');
  }
  return;
}

1;
