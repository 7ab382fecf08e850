# SPDX-License-Identifier: GPL-2.0-or-later
package Test::Crowd;

# Many TCP peers at once in one process, for test/e2e/abuse/. Each goes through steps of its own:
#
#   [send => BYTES]            all of them, however long that takes
#   [urgent => BYTE]           TCP's urgent data
#   [wait => SECONDS]
#   [reply => REGEX]           waits for one whole SMTP response, which must match
#   [drip => SECONDS, BYTES]   a byte at a time, each after that many seconds
#   [flood => BYTES]           the same again and again, for as long as the other side takes it
#   [deaf => 1]                reads nothing from here on
#   [end => REGEX]             the other side has to close; all that it said until then must match
#   [call => CODE]             CODE is called with the peer
#   [shut => 1]                no more is sent, but what comes is read
#   [close => 1], [reset => 1] the end, by FIN or by RST
#
# How it ended is in {outcome}: "done" after the last step; "closed" or "reset" if the other side did that in
# another step than "end"; "refused" if there was no connection; "unexpected" for a response or an end that does
# not match; "late" if it was not over after {limit} seconds, by default HANG, or had heard nothing after {quiet}.
# All times are by the monotonic clock.

use strict;
use warnings;
use Errno qw(EAGAIN EINTR EINPROGRESS);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use IO::Handle ();
use IO::Poll qw(POLLIN POLLOUT POLLERR POLLHUP);
use Socket qw(:DEFAULT IPPROTO_IP IPPROTO_TCP TCP_NODELAY MSG_OOB);
use Lateness qw(now);
use Test::Place qw(HANG);

use constant {
  CHUNK => 65_536,
  BIND_NO_PORT => 24,         # IP_BIND_ADDRESS_NO_PORT: a port is chosen by connect(), so that there are enough
};

my %step = (
  send => \&step_send, wait => \&step_wait, reply => \&step_reply, drip => \&step_drip, flood => \&step_flood, end => \&step_end,
  urgent => sub { send $_[0]{socket}, $_[1], MSG_OOB; 1 },
  deaf  => sub { $_[0]{deaf} = 1 },
  call  => sub { $_[1]->($_[0]); 1 },
  shut  => sub { shutdown $_[0]{socket}, 1; 1 },
  close => sub { over($_[0], 'done'); 0 },
  reset => sub { setsockopt $_[0]{socket}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0); over($_[0], 'done'); 0 },
);

# new(width => N, source => CODE): the source is asked for the next peer while fewer than N are there.
sub new {
  my ($class, %arg) = @_;
  return bless { width => 0, %arg, peers => {}, poll => IO::Poll->new }, $class;
}

# add({ from, to, port, steps => [...], limit, after => CODE }): "after" is called with the peer when it is over.
sub add {
  my ($self, $peer) = @_;
  %$peer = (limit => HANG, at => 0, out => '', input => '', said => '', replies => [], began => now, %$peer);
  for my $s (@{ $peer->{steps} }) { $step{ $s->[0] } or die "no such step: $s->[0]\n" }
  socket $peer->{socket}, AF_INET, SOCK_STREAM, 0 or die "socket: $!\n";
  my $socket = $peer->{socket};
  fcntl $socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK or die "fcntl: $!\n";
  setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
  setsockopt $socket, IPPROTO_IP, BIND_NO_PORT, 1;
  bind $socket, pack_sockaddr_in(0, inet_aton($peer->{from})) or die "bind $peer->{from}: $!\n";
  $self->{peers}{ fileno $socket } = $peer;
  if (connect $socket, pack_sockaddr_in($peer->{port}, inet_aton($peer->{to}))) { $peer->{up} = now }
  elsif (not $!{EINPROGRESS}) { over($peer, 'refused') }
  return $peer;
}

# Goes on until all peers are over and there are no new ones.
sub run { my ($self) = @_; 1 while $self->turn(1); return }

# Waits until something happens, for SECONDS at most, and lets the peers do what they can. Returns whether anything is left to
# do.
sub turn {
  my ($self, $most) = @_;
  my ($peers, $poll) = @$self{qw(peers poll)};
  while ($self->{source} and keys %$peers < $self->{width}) {
    my $peer = $self->{source}->() or delete $self->{source}, last;
    $self->add($peer);
  }
  my $now = now;
  my $next = $now + ($most < 0 ? 0 : $most);
  for my $peer (values %$peers) {
    if ($peer->{up} and not $peer->{outcome}) { advance($peer, $now) }
    my $limit = $peer->{began} + ($peer->{heard} ? $peer->{limit} : $peer->{quiet} // $peer->{limit});
    $now > $limit and over($peer, 'late');
    if ($peer->{outcome}) { $self->bury($peer); next }
    my $wake = $limit;
    $wake = $peer->{wake} if defined $peer->{wake} and $peer->{wake} < $wake;
    $next = $wake if $wake < $next;
    my $mask = ($peer->{deaf} || $peer->{gone} ? 0 : POLLIN) | (length $peer->{out} || !$peer->{up} ? POLLOUT : 0) | POLLERR | POLLHUP;
    $poll->mask($peer->{socket} => $peer->{mask} = $mask) if $mask != ($peer->{mask} // -1);
  }
  return 1 if $self->{source} and keys %$peers < $self->{width};
  return 0 if not keys %$peers;
  $now = now;
  $poll->poll($next > $now ? $next - $now : 0) > 0 or return 1;
  for my $peer (values %$peers) {
    my $events = $poll->events($peer->{socket}) or next;
    $peer->{up} //= now if $events;
    take_input($peer) if $events & (POLLIN | POLLERR | POLLHUP);
  }
  return 1;
}

sub bury {
  my ($self, $peer) = @_;
  delete $self->{peers}{ $peer->{fd} };
  $self->{poll}->remove($peer->{closed});
  close delete $peer->{closed};
  $peer->{after}->($peer) if $peer->{after};
  return;
}

# All peers end here; the socket is closed in bury(), when poll() knows it no more. But a reset must not wait.
sub over {
  my ($peer, $outcome) = @_;
  return if $peer->{outcome};
  my $in = $peer->{steps}[ $peer->{at} ];
  @$peer{qw(outcome in over)} = ($outcome, $in ? $in->[0] : '', now);
  $peer->{closed} = delete $peer->{socket};
  $peer->{fd} = fileno $peer->{closed};
  return;
}

sub advance {
  my ($peer, $now) = @_;
  delete $peer->{wake};
  while (my $s = $peer->{steps}[ $peer->{at} ]) {
    my ($what, @arg) = @$s;
    if ($peer->{gone} and $what !~ /\A(?:reply|end|call|close)\z/) { over($peer, $peer->{gone}); return }
    $step{$what}->($peer, @arg, $now) or return;
    return if $peer->{outcome};
    $peer->{at}++;
    delete @$peer{qw(begun done)};
  }
  over($peer, 'done');
  return;
}

# --- steps: each returns true when it is done ----------------------------------------------------

sub step_send {
  my ($peer, $bytes) = @_;
  if (not $peer->{begun}++) { $peer->{out} = $bytes }
  return put($peer);
}

sub step_wait {
  my ($peer, $seconds, $now) = @_;
  $peer->{begun} //= $now;
  $peer->{wake} = $peer->{begun} + $seconds;
  return $now >= $peer->{wake};
}

sub step_reply {
  my ($peer, $want) = @_;
  if ($peer->{input} =~ s/\A((?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\n)//) {
    my $reply = $1 =~ s/\r|\n\z//gr;
    push @{ $peer->{replies} }, $reply;
    return 1 if $reply =~ $want;
    over($peer, 'unexpected');
    return 0;
  }
  over($peer, $peer->{gone}) if $peer->{gone};
  return 0;
}

sub step_drip {
  my ($peer, $pause, $bytes, $now) = @_;
  $peer->{begun} //= $now;
  $peer->{done} //= 0;
  while ($peer->{done} < length $bytes) {
    $peer->{wake} = $peer->{begun} + ($peer->{done} + 1) * $pause;
    return 0 if $peer->{wake} > $now;
    $peer->{out} = substr $bytes, $peer->{done}, 1;
    put($peer) or return 0;
    $peer->{done}++;
  }
  return 1;
}

sub step_flood {
  my ($peer, $bytes) = @_;
  for (1 .. 8) {
    $peer->{out} = $bytes if $peer->{out} eq '';
    put($peer) or return 0;
    $peer->{flooded}++;
  }
  $peer->{wake} = 0;
  return 0;
}

sub step_end {
  my ($peer, $want) = @_;
  return 0 if not $peer->{gone};
  return 1 if $peer->{said} =~ $want;
  over($peer, 'unexpected');
  return 0;
}

# --- input and output ----------------------------------------------------------------------------

sub put {
  my ($peer) = @_;
  while (length $peer->{out}) {
    my $n = syswrite $peer->{socket}, $peer->{out}, CHUNK;
    if (not defined $n) {
      return 0 if $!{EAGAIN} or $!{EINTR};
      if ($peer->{deaf}) { $peer->{gone} = 'reset' }
      $peer->{out} = '';      # what the other side said before may still be there to be read
      return 1;
    }
    substr($peer->{out}, 0, $n) = '';
  }
  return 1;
}

# What was said is kept up to some size.
sub take_input {
  my ($peer) = @_;
  return if $peer->{gone};
  my $n = sysread $peer->{socket}, my $bytes, CHUNK;
  return if not defined $n and ($!{EAGAIN} or $!{EINTR});
  if (not $n) {
    if (not defined $n and $!{ECONNREFUSED}) { over($peer, 'refused'); return }
    $peer->{gone} = defined $n ? 'closed' : 'reset';
    $peer->{gone_at} = now;
    return;
  }
  $peer->{heard} //= now;
  $peer->{input} .= $bytes if length $peer->{input} < CHUNK;
  $peer->{said} .= $bytes if length $peer->{said} < CHUNK;
  return;
}

1;
