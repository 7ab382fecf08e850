# SPDX-License-Identifier: GPL-2.0-or-later
package Test::Stub;

# Small servers, each with as much of its protocol as Exim's side of it needs. Those that decide something decide against
# whoever comes from 198.51.100.77, as far as they are told of it.
#
#   Test::Stub->new(KIND, WHERE, ARGUMENT...)   WHERE is an address, and then {port} is its port; or a path
#   $stub->got(LIKE)                            waits until what it was sent matches, and returns all of it

use strict;
use warnings;
use IO::Select ();
use IO::Socket::IP ();
use IO::Socket::UNIX ();
use POSIX ();
use Socket qw(SOCK_STREAM inet_ntoa);
use Test::Place qw(contents file free_ports within write_file);

use constant BAD => qr/\b198\.51\.100\.77\b/;

my ($owner, $stubs, @pid) = ($$, 0);
END { if ($$ == $owner) { my $code = $?; kill 'KILL', map { -$_ } @pid; waitpid $_, 0 for @pid; $? = $code } }

sub new {
  my ($class, $kind, $where, @arguments) = @_;
  my $serve = $class->can($kind) or die "no such server: $kind\n";
  my $listen = $where =~ m{^/} ? IO::Socket::UNIX->new(Local => $where, Listen => 20) : IO::Socket::IP->new(LocalHost => $where, LocalPort => (free_ports(1))[0], Listen => 20, Type => SOCK_STREAM);
  $listen or die "$where: $!\n";
  chmod 0777, $where if $where =~ m{^/};
  my $self = bless { file => file("$kind-" . ++$stubs . '.got'), arguments => \@arguments, port => $where =~ m{^/} ? undef : $listen->sockport }, $class;
  write_file($self->{file}, '');
  my $pid = fork // die "fork: $!\n";
  if ($pid) { push @pid, $pid; return $self }
  POSIX::setpgid(0, 0);
  @SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;
  @SIG{qw(CHLD PIPE)} = ('IGNORE') x 2;
  while (my $s = $listen->accept) {
    next if fork;
    $self->$serve($s);
    POSIX::_exit(0);
  }
  POSIX::_exit(0);
}

sub got { my ($self, $like) = @_; my $text; within(sub { ($text = contents($self->{file})) =~ $like }); return $text }

sub note {
  my ($self, $text) = @_;
  open my $out, '>>', $self->{file} or die "$self->{file}: $!\n";
  syswrite $out, $text =~ s/\n*\z/\n/r;
  return;
}

sub exactly {
  my ($s, $n) = @_;
  my $text = '';
  while (length $text < $n) { sysread $s, $text, $n - length $text, length $text or POSIX::_exit(0) }
  return $text;
}
sub line { my ($s) = @_; my $line = ''; while ($line !~ /\n\z/) { sysread $s, $line, 1, length $line or last } return $line }

# A mail server, with STARTTLS if it is given a certificate and a key. Refuses recipients named "reject".
sub smtp {
  my ($self, $s) = @_;
  my ($cert, $key) = $self->{arguments}->@*;
  print {$s} "220 sink.example ESMTP\r\n";
  while (defined(my $line = readline $s)) {
    $self->note($line =~ s/\r?\n//r);
    if    ($line =~ /^EHLO/)          { print {$s} "250-sink.example\r\n", $cert && !$s->isa('IO::Socket::SSL') ? "250-STARTTLS\r\n" : (), "250 HELP\r\n" }
    elsif ($line =~ /^RCPT.*<reject/) { print {$s} "550 no such person at sink.example\r\n" }
    elsif ($line =~ /^QUIT/)          { print {$s} "221 bye\r\n"; return }
    elsif ($line =~ /^STARTTLS/) {
      print {$s} "220 go ahead\r\n";
      require IO::Socket::SSL;
      IO::Socket::SSL->start_SSL($s, SSL_server => 1, SSL_cert_file => $cert, SSL_key_file => $key) or return;
      $self->note('TLS');
    }
    elsif ($line =~ /^DATA/) {
      print {$s} "354 go on\r\n";
      my $mail = '';
      while (defined(my $part = readline $s)) { last if $part =~ /^\.\r?\n/; $mail .= $part }
      $self->note($mail =~ tr/\r//dr);
      print {$s} "250 stored\r\n";
    }
    else { print {$s} "250 OK\r\n" }
  }
  return;
}

# SOCKS version 5, without a password
sub socks {
  my ($self, $s) = @_;
  exactly($s, unpack 'xC', exactly($s, 2));
  syswrite $s, "\5\0";
  my (undef, $command, undef, $kind) = unpack 'C4', exactly($s, 4);
  return if $command != 1 || $kind != 1;               # CONNECT, IPv4
  my ($address, $port) = (inet_ntoa(exactly($s, 4)), unpack 'n', exactly($s, 2));
  $self->note("connect $address $port");
  my $t = IO::Socket::IP->new(PeerHost => $address, PeerPort => $port) or return;
  syswrite $s, "\5\0\0\1" . pack('C4 n', 192, 0, 2, 99, 9999);
  my $select = IO::Select->new($s, $t);
  for (;;) {
    for my $ready ($select->can_read) {
      sysread $ready, my $text, 65_536 or return;
      syswrite $ready == $s ? $t : $s, $text;
    }
  }
}

# dccifd: options, client, HELO, sender, recipients up to an empty line, then the mail
sub dcc {
  my ($self, $s) = @_;
  my $text = '';
  1 while sysread $s, $text, 65_536, length $text;
  my (undef, $client) = split /\n/, $text;
  $self->note($text =~ tr/\r/ /r);
  my $word = $client =~ BAD ? 'R' : 'A';
  syswrite $s, "$word\n$word\nX-DCC-stub-Metrics: mx.example 1; bulk Body=1\n";
  return;
}

sub rspamd {
  my ($self, $s) = @_;
  my $text = '';
  while ($text !~ /\r\n\r\n/) { my $line = line($s); return if $line eq ''; $text .= $line }
  $self->note($text . exactly($s, $text =~ /^Content-length: (\d+)/mi));
  my ($result, $score) = $text =~ /^IP: @{[BAD]}\r$/m ? ('True', '15.00') : ('False', '1.00');
  syswrite $s, "RSPAMD/1.3 0 EX_OK\r\nMetric: default; $result; $score / 5.00 / 20.00\r\nSymbol: STUB\r\n\r\n";
  return;
}

sub dovecot {
  my ($self, $s) = @_;
  syswrite $s, "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nDONE\n";
  while ((my $line = line($s)) ne '') {
    $self->note($line =~ tr/\t\r/ /dr);
    my ($id) = $line =~ /^AUTH\t(\d+)/ or next;
    syswrite $s, $line =~ /\trip=@{[BAD]}\t/ ? "FAIL\t$id\tuser=user\n" : "OK\t$id\tuser=user\n";
  }
  return;
}

1;
