# SPDX-License-Identifier: GPL-2.0-or-later
package Test::SMTP;

# An SMTP client of one connection, that can also misbehave. What does not come as expected is a die() that tells
# what was sent and what came.
#
#   connect(to => ADDRESS, port => N [, from => ADDRESS])
#   send(BYTES), send_as(BYTES, HOW)     by one write; in pieces
#   reply()                              the next whole reply, lines joined by "\n"; undef if there is none
#   expect(WHAT, REPLY)                  the next reply must be this, or match it
#   command(LINE, REPLY)                 sends it and expects that
#   message(FROM, TO [, TEXT])           a whole message; returns Exim's id of it
#   tls(OPTION...)                       a handshake: see there
#   ended(), quit()                      nothing more may come, and then the end of the connection; QUIT first
#   more([SECONDS])                      reads: true if something came, 0 for the end, undef if nothing came in time
#   closes(), resets(), shuts()          our end: FIN, RST, or FIN but we go on reading

use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl qw(F_GETFL F_SETFL O_NONBLOCK);
use Socket qw(:DEFAULT :addrinfo IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(sleep);
use Lateness qw(now);
use Test::Place qw(HANG);

# {ip} and {sport} are this end, {to} and {port} the other; {t0} is when it began, {last} when we last sent.
sub connect {
  my ($class, %self) = @_;
  my ($error, $to) = getaddrinfo($self{to}, $self{port}, { flags => AI_NUMERICHOST, socktype => SOCK_STREAM });
  die "$self{to}: $error\n" if $error;
  $self{from} //= $self{to} =~ /:/ ? '::1' : '127.0.0.1';
  my ($wrong, $from) = getaddrinfo($self{from}, 0, { flags => AI_NUMERICHOST, socktype => SOCK_STREAM });
  die "$self{from}: $wrong\n" if $wrong;
  socket my $socket, $to->{family}, SOCK_STREAM, 0 or die "socket: $!\n";
  bind $socket, $from->{addr} or die "bind $self{from}: $!\n";
  setsockopt $socket, IPPROTO_TCP, TCP_NODELAY, 1;
  my $t0 = now;    # clock: begins before any of the server's can
  CORE::connect($socket, $to->{addr}) or die "connect to $self{to} port $self{port}: $!\n";
  my (undef, undef, $sport) = getnameinfo(getsockname $socket, NI_NUMERICHOST | NI_NUMERICSERV);
  fcntl $socket, F_SETFL, fcntl($socket, F_GETFL, 0) | O_NONBLOCK;
  return bless { %self, socket => $socket, ip => $self{from}, sport => $sport, t0 => $t0, last => $t0, buffer => '', sent => '', got => '' }, $class;
}

sub fail {
  my ($self, $what) = @_;
  die "$what\nsent " . show($self->{sent}) . "\ngot  " . show($self->{got}) . "\n";
}

# --- for those who read a failure -----------------------------------------------------

# As Exim's string_printing()
sub printing {
  my ($text) = @_;
  my %named = ("\n" => 'n', "\r" => 'r', "\b" => 'b', "\x0b" => 'v', "\f" => 'f', "\t" => 't');
  return $text =~ s/([^\x20-\x7e])/'\\' . ($named{$1} \/\/ sprintf '%03o', ord $1)/ger;
}

sub show {
  my ($bytes) = @_;
  return 'nothing' if !length($bytes // '');
  my $text = printing(substr $bytes, 0, 110);
  return length $bytes > 110 ? sprintf '"%s"... (%d bytes)', $text, length $bytes : qq("$text");
}

# --- output ---------------------------------------------------------------------------

sub put {
  my ($self, $bytes) = @_;
  my $until = now + HANG;    # clock: a hang
  while (length $bytes) {
    my $n = syswrite $self->{socket}, $bytes;
    if (defined $n) { substr($bytes, 0, $n) = ''; next }
    last if !$!{EAGAIN} && !$!{EINTR} || now > $until;
    vec(my $writable = '', fileno $self->{socket}, 1) = 1;
    select undef, $writable, undef, 1;
  }
  $self->{last} = now;
  return !length $bytes;
}

sub send {
  my ($self, $bytes) = @_;
  $self->{sent} .= $bytes if length $self->{sent} < 2000;
  return $self->put($self->{tls} ? $self->{tls}->wrap($bytes) : $bytes);
}

# In pieces: `bytes:PAUSE`, `cut:AT[,AT...]:PAUSE` or `chunk:SIZE:PAUSE`; whole if undefined.
sub send_as {
  my ($self, $bytes, $how) = @_;
  my ($kind, $pause, $at) = defined $how ? ((split /:/, $how)[0, -1], (split /:/, $how)[1]) : ('whole', 0);
  my ($last, @piece) = (0, $bytes);
  @piece = split //, $bytes if $kind eq 'bytes';
  @piece = unpack "(a$at)*", $bytes if $kind eq 'chunk';
  @piece = map { my $piece = substr $bytes, $last, $_ - $last; $last = $_; $piece } split(/,/, $at), length $bytes if $kind eq 'cut';
  my $began = now;    # clock: it only cuts the bytes into segments. What each sleep takes too long must not add up
  for my $i (0 .. $#piece) {
    my $wait = $began + $i * $pause - now;
    sleep $wait if $wait > 0;
    $self->send($piece[$i]) or last;
  }
  return;
}

# --- input ----------------------------------------------------------------------------

sub more {
  my ($self, $seconds) = @_;
  my $until = now + ($seconds // HANG);    # clock: a hang, but for those who ask meanwhile
  while (!$self->{gone}) {
    my $left = $until - now;
    vec(my $readable = '', fileno $self->{socket}, 1) = 1;
    if (select($readable, undef, undef, $left > 0 ? $left : 0) <= 0) {
      next if now < $until;
      return if defined $seconds;
      $self->{silent} = 1;
      return;
    }
    my $n = sysread $self->{socket}, my $bytes, 65_536;
    next if !defined $n && ($!{EAGAIN} || $!{EINTR});
    if (!$n) { $self->{gone} = defined $n ? 'closed' : 'reset'; last }
    if (my $tls = $self->{tls}) {
      my $was_up = $tls->{up};
      $bytes = $tls->feed($bytes);
      $self->put($tls->pending);
      next if $bytes eq '' && (!$tls->{up} || $was_up);
    }
    $self->{buffer} .= $bytes;
    $self->{got} .= $bytes if length $self->{got} < 100_000;
    return 1;
  }
  return 0;
}

sub reply {
  my ($self) = @_;
  my @line;
  for (;;) {
    while (index($self->{buffer}, "\n") < 0) { $self->more or return @line ? join "\n", @line : undef }
    my $line = substr $self->{buffer}, 0, 1 + index($self->{buffer}, "\n"), '';
    $line =~ s/\r\n\z// or $self->fail('a reply line has no CR');
    push @line, $line;
    return join "\n", @line if $line !~ /^\d{3}-/;
  }
}

sub state { my ($self) = @_; return $self->{gone} // 'silence' }

sub expect {
  my ($self, $what, $want) = @_;
  my $got = $self->reply;
  return $got if defined $got and ref $want ? $got =~ $want : $got eq $want;
  return $self->fail("$what: expected " . (ref $want ? $want : "`$want`") . ', got ' . (defined $got ? "`$got`" : $self->state));
}

sub command {
  my ($self, $line, $want) = @_;
  $self->send("$line\r\n");
  return $self->expect(show($line), $want);
}

sub message {
  my ($self, $from, $to, $text) = @_;
  $self->command("MAIL FROM:<$from>", qr/^250 /);
  $self->command("RCPT TO:<$to>", qr/^250 /);
  $self->command('DATA', qr/^354 /);
  return $self->command(($text // "Subject: a test\r\n\r\nbody\r\n") . '.', qr/^250 OK id=/) =~ /id=(\S+)/ ? $1 : undef;
}

# --- the end --------------------------------------------------------------------------

sub ended {
  my ($self) = @_;
  while ($self->more && length $self->{buffer} < 100_000) { }
  $self->fail('more came than expected: ' . show($self->{buffer})) if length $self->{buffer};
  $self->fail('the connection is still open') if !$self->{gone};
  return;
}

sub quit {
  my ($self) = @_;
  $self->command('QUIT', qr/^221 /);
  $self->put($self->{tls}->bye) if $self->{tls};
  $self->ended;
  $self->closes;
  return;
}

sub closes { my ($self) = @_; close $self->{socket}; return }
sub shuts  { my ($self) = @_; shutdown $self->{socket}, 1; return }
sub resets { my ($self) = @_; setsockopt $self->{socket}, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0; close $self->{socket}; return }

# --- TLS ------------------------------------------------------------------------------

# after => BYTES      in clear, in one segment with the ClientHello
# pause => SECONDS    the ClientHello a byte at a time
# name, version, certificate, key, session, status: see Test::SMTP::TLS, an object of which is returned
sub tls {
  my ($self, %o) = @_;
  my $tls = Test::SMTP::TLS->new(%o);
  my $hello = $tls->hello;
  if ($o{pause}) { for (split //, $hello) { $self->put($_); sleep $o{pause} } }    # clock: segments
  else           { $self->put(($o{after} // '') . $hello) }
  $self->{sent} .= ($o{after} // '') . '<ClientHello>';
  $self->{tls} = $tls;
  while (!$tls->{up} && $self->more) { }
  $self->fail('the TLS handshake did not succeed: ' . $self->state) if !$tls->{up};
  return $tls;
}

# Through memory, so that the first flight can share a segment with something else. The other side is not verified.
#   name => SERVER NAME, version => N (the highest), certificate and key => FILE, session => one to go on with,
#   status => REFERENCE to what becomes the status of the OCSP response, or `none`
package Test::SMTP::TLS;

sub new {
  my ($class, %o) = @_;
  require Net::SSLeay;
  my $context = Net::SSLeay::CTX_new_with_method(Net::SSLeay::TLS_client_method()) or die "no TLS\n";
  Net::SSLeay::CTX_set_max_proto_version($context, $o{version}) if $o{version};
  if ($o{certificate}) {
    Net::SSLeay::CTX_use_certificate_chain_file($context, $o{certificate}) && Net::SSLeay::CTX_use_PrivateKey_file($context, $o{key}, Net::SSLeay::FILETYPE_PEM())
      or die "no TLS with $o{certificate}\n";
  }
  my $ssl = Net::SSLeay::new($context) or die "no TLS\n";
  Net::SSLeay::set_tlsext_host_name($ssl, $o{name}) if defined $o{name};
  Net::SSLeay::set_session($ssl, $o{session}) if $o{session};
  if (my $status = $o{status}) {
    Net::SSLeay::set_tlsext_status_type($ssl, Net::SSLeay::TLSEXT_STATUSTYPE_ocsp());
    Net::SSLeay::CTX_set_tlsext_status_cb($context, sub { $$status = $_[1] ? Net::SSLeay::OCSP_response_status_str(Net::SSLeay::OCSP_response_status($_[1])) : 'none'; 1 });
  }
  my ($in, $out) = map { Net::SSLeay::BIO_new(Net::SSLeay::BIO_s_mem()) } 1, 2;
  Net::SSLeay::set_bio($ssl, $in, $out);
  Net::SSLeay::set_connect_state($ssl);
  return bless { context => $context, ssl => $ssl, in => $in, out => $out }, $class;
}

sub pending {    # what wants to be sent
  my ($self) = @_;
  my $all = '';
  while (length(my $some = Net::SSLeay::BIO_read($self->{out}) // '')) { $all .= $some }
  return $all;
}

sub hello { my ($self) = @_; Net::SSLeay::do_handshake($self->{ssl}); return $self->pending }

sub feed {       # what came, as plain text
  my ($self, $bytes) = @_;
  Net::SSLeay::BIO_write($self->{in}, $bytes);
  $self->{up} ||= Net::SSLeay::do_handshake($self->{ssl}) == 1;
  my $plain = '';
  if ($self->{up}) {
    while (length(my $some = Net::SSLeay::read($self->{ssl}) // '')) { $plain .= $some }
  }
  return $plain;
}

sub wrap { my ($self, $bytes) = @_; Net::SSLeay::write($self->{ssl}, $bytes); return $self->pending }
sub bye  { my ($self) = @_; Net::SSLeay::shutdown($self->{ssl}); return $self->pending }
sub version { my ($self) = @_; return Net::SSLeay::get_version($self->{ssl}) }
sub cipher  { my ($self) = @_; return Net::SSLeay::get_cipher($self->{ssl}) }
sub subject { my ($self) = @_; return Net::SSLeay::X509_NAME_oneline(Net::SSLeay::X509_get_subject_name(Net::SSLeay::get_peer_certificate($self->{ssl}))) }
sub session { my ($self) = @_; return Net::SSLeay::get1_session($self->{ssl}) }
sub resumed { my ($self) = @_; return Net::SSLeay::session_reused($self->{ssl}) }

1;
