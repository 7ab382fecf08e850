# SPDX-License-Identifier: GPL-2.0-or-later
package Test::Wire;

# The tests of test/e2e/wire: connections to Exims that must be sent a PROXY header, held against the contract. Most
# are rows: what the peer sends, and how that must end.
#
#   takes NAME, BYTES, VALUES          a good header that names a client: it is served at once, and the variables are
#                                      VALUES, "CLIENT PORT TARGET PORT"
#   keeps NAME, BYTES                  a good header that leaves the ends as they are
#   refuses NAME, BYTES                begins as a header and breaks its grammar: at once the banner, then 503s
#   refuses_openly NAME, BYTES         the same, but its end is open: what follows it may be input too early
#   expires NAME, BYTES                part of a header, then nothing: the banner after 3 s, then 503s
#   leaves NAME, BYTES                 no header: nothing of it is taken, so it is input too early
#   outlives NAME, BYTES, HOW          then the peer `closes`, `resets` or `shuts` down: the process ends
#   test NAME, CODE                    anything else; CODE gets a case, dies of what is wrong
#
# After the fixed arguments come options: as (how it arrives, see Test::SMTP), on (which Exim), tls (on its port for TLS on
# connect), net (from 127.NET.x.y), from, v6. run() runs them all, many at a time, each in a process of its own, and does
# what Test::More needs. TEST_ONLY=REGEX has only those run whose name matches.

use strict;
use warnings;
use Exporter qw(import);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use Lateness qw(now measure worst);
use Test::Exim ();
use Test::Header qw(v1 v2 ipv4 ipv6 noop PROXY TCP4 TCP6);
use Test::Place qw(file);
use Test::SMTP ();

our @EXPORT = qw(exim takes keeps refuses refuses_openly expires leaves outlives test run show
  DEADLINE DELAY REFUSED REFUSALS V1 V1_IS V1_6 V1_6_IS V2 V2_IS V2_6 V2_6_IS LONG LONG_IS BAD_V1);

use constant {
  DEADLINE => 3,               # seconds for the whole header
  REFUSED  => '503 Command refused, required Proxy negotiation failed',
  REFUSALS => 32,              # commands that are refused
  EARLY    => '554 SMTP synchronization error',
  LISTED   => '!127.250.0.0/16 : 127.0.0.0/8 : ::::1',    # an Exim list: doubled colons

  # Headers that serve for many tests, and what they tell
  V1   => v1('TCP4', '203.0.113.5', '198.51.100.7', 1025, 25),           V1_IS   => '203.0.113.5 1025 198.51.100.7 25',
  V1_6 => v1('TCP6', '2001:db8::5', '2001:db8::7', 1026, 26),            V1_6_IS => '2001:db8::5 1026 2001:db8::7 26',
  V2   => v2(PROXY, TCP4, ipv4('203.0.113.6', '198.51.100.8', 1027, 27)), V2_IS   => '203.0.113.6 1027 198.51.100.8 27',
  V2_6 => v2(PROXY, TCP6, ipv6('2001:db8::6', '2001:db8::8', 1028, 28)), V2_6_IS => '2001:db8::6 1028 2001:db8::8 28',
  LONG => v2(PROXY, TCP4, ipv4('203.0.113.9', '198.51.100.9', 1029, 25) . noop(60_000 - 12)), LONG_IS => '203.0.113.9 1029 198.51.100.9 25',
  BAD_V1 => v1('TCP4', 'bad'),

  # clock: the deadline of the daemons that have to answer at once. One that waits for it has hung.
  NEVER => 2 * Test::Place::HANG,
  # clock: what comes after the deadline may be late by a session's own time, and by the machine's lateness, several times: a session
  # begins with a fork, waits for its turn behind all those that began with it, and so again after the deadline.
  SESSION => 1, TURNS => 5,
  DELAY => 1,                  # what the connect ACL delays an unlisted peer, so that its bytes are there before the banner
  ATTEMPTS => 5,               # at a test for which the machine was too late
  AT_ONCE => 40, HUNG => 20,   # tests at one time; and after that many have hung no others are begun: each takes minutes
  # clock: a server process that used more CPU time than this, in seconds, was spinning. Other processes take nothing of it, an
  # ordinary session needs a hundredth, and one that spins until the deadline uses seconds, or its share of them.
  CPU => 0.4,
};

sub show { return Test::SMTP::show(@_) }

# --- Exims ----------------------------------------------------------------------------

# exim(NAME, OPTION...): besides Test::Exim's options, list (proxy_required_hosts, or undef), deadline (true: the contract's 3 s,
# and not one that is never waited for), nosync (true: no smtp_enforce_sync), early (true: input before the banner is
# allowed, by pipelining_connect_advertise_hosts) and hide (true: without +proxy in the log). The first one is that of all
# tests that do not say `on`.
my $exim;
sub exim {
  my ($name, %o) = @_;
  my $list = exists $o{list} ? $o{list} : LISTED;
  my $main = <<"END";
queue_only
smtp_accept_max = 0
smtp_connect_backlog = 500
smtp_receive_timeout = ${\NEVER}s
@{[$o{deadline} ? '' : "proxy_protocol_timeout = ${\NEVER}s"]}
smtp_enforce_sync = @{[$o{nosync} ? 'false' : 'true']}
smtp_banner = wire \$pid
pipelining_connect_advertise_hosts = @{[$o{early} ? '*' : '']}
log_selector = +incoming_port +incoming_interface @{[$o{hide} ? '' : '+proxy']}
acl_smtp_connect = connect
acl_smtp_mail = mail
acl_smtp_rcpt = accept
acl_smtp_predata = accept
acl_smtp_vrfy = accept
acl_smtp_expn = accept
acl_smtp_etrn = accept
@{[$o{main} // '']}
@{[defined $list ? "proxy_required_hosts = $list" : '']}
END
  my $acl = <<"END";
begin acl
connect:
  warn  set acl_c_fail = -
        set acl_c_health = -
  warn  condition = \$proxy_session
        condition = \${if eq{\$proxy_host_address}{}}
        set acl_c_fail = y
  warn  condition = \${if def:proxy_host_address}
        condition = \${if eq{\$proxy_host_address}{\$sender_host_address}}
        set acl_c_health = y
  warn  logwrite = CONN ps=<\$proxy_session> pha=<\$proxy_host_address> php=<\$proxy_host_port> \\
          pta=<\$proxy_target_address> ptp=<\$proxy_target_port> sha=<\$sender_host_address> \\
          shp=<\$sender_host_port> ria=<\$received_ip_address> rp=<\$received_port> \\
          fail=<\$acl_c_fail> health=<\$acl_c_health> \\
          sfh=<\$sender_fullhost> srh=<\$sender_rcvhost>
  warn  condition = \${if eq{\$proxy_session}{no}}
        delay = ${\DELAY}s
  accept
mail:
  accept logwrite = MAIL from=<\$sender_address> ps=<\$proxy_session> pha=<\$proxy_host_address> sha=<\$sender_host_address>
END
  my $new = Test::Exim->new($name, %o, hostname => 'wire.test', main => $main, rest => $acl);
  $new->start_daemon if !$o{idle};
  measure(file('lateness')) if $o{deadline} && !-e file('lateness');
  $exim //= $new;
  return $new;
}

# --- rows -----------------------------------------------------------------------------

our $unlisted;   # true in a file whose tests expect the log to name a peer that is not listed
my @test;        # { name, code, first: whether it is to begin early, since it waits }
sub test {
  my ($name, $code, %o) = @_;
  my $level = 0;
  $level++ while caller($level) eq __PACKAGE__;
  push @test, { name => $name, code => $code, first => $o{first}, at => join ' line ', (caller $level)[1, 2] };
  return;
}

sub takes {
  my ($name, $bytes, $values, %o) = @_;
  test("takes $name", sub {
    my $c = shift->begin($bytes, %o);
    # clock: was it there before the deadline? That began no earlier than ours.
    $c->too_late('skip', 'the machine was too late to send a header in 3 s') if $c->{on}{deadline} && $c->{last} - $c->{t0} >= DEADLINE;
    $c->takes($values);
  }, first => defined $o{as});
  return;
}

sub keeps {
  my ($name, $bytes, %o) = @_;
  test("keeps the real ends for $name", sub { my $c = shift->begin($bytes, %o); $c->keeps });
  return;
}

sub refuses {
  my ($name, $bytes, %o) = @_;
  test("refuses $name", sub { my $c = shift->begin($bytes, %o); $c->refuses }, first => defined $o{as});
  return;
}

sub refuses_openly {
  my ($name, $bytes, %o) = @_;
  test("refuses $name", sub {
    my $c = shift->begin($bytes, %o);
    my $reply = $c->reply;
    in_deadline($c->{t0}) if $c->{on}{deadline};
    if    (!defined $reply) { $c->fail('expected a banner or a 554, got ' . $c->state) if $c->state ne 'reset' }
    elsif ($reply =~ /^220 wire/) {
      # What is left of it may be several commands, all of them refused. QUIT ends them.
      $c->send("\r\nQUIT\r\n");
      while (defined($reply = $c->reply) && $reply eq REFUSED) { }
      $c->fail('expected refusals, then 221, got ' . ($reply // $c->state)) if ($reply // '') !~ /^221 /;
      $c->ended;
    }
    elsif ($reply ne EARLY && $reply !~ /^${\EARLY}/) { $c->fail("expected a banner or a 554, got `$reply`") }
    $c->is_failed;
  });
  return;
}

sub expires {
  my ($name, $bytes, %o) = @_;
  test("waits no longer than the deadline for $name", sub { my $c = shift->begin($bytes, %o); $c->deadline; $c->refused; $c->is_failed }, first => 1);
  return;
}

sub leaves {
  my ($name, $bytes, %o) = @_;
  test("takes nothing of $name", sub { my $c = shift->begin($bytes, %o); $c->early($o{seen} // $bytes); $c->is_failed });
  return;
}

sub outlives {
  my ($name, $bytes, $how, %o) = @_;
  test("ends when the peer $how after $name", sub {
    my $c = shift->connect(%o);
    $c->send($bytes) if length $bytes;
    sleep 0.1 if $o{wait};    # clock: the server may wait already, or not yet
    $c->$how;
    return if $how ne 'shuts';
    while ($c->more) { }
    $c->fail('we shut down our side, and the connection is still open') if !$c->{gone};
    $c->fail('we shut down our side, and were served') if $c->{got} =~ /^[23]50/m;
  });
  return;
}

# What began at $t0 is over by the contract's deadline: never early, since both clocks are the same one; and if late, then by no more
# than the machine is.
sub at_deadline {
  my ($t0) = @_;
  my $t = now - $t0;
  die sprintf "the deadline came after %.3f s\n", $t if $t < DEADLINE;    # clock: the lower bound, exact
  return in_deadline($t0);
}

sub in_deadline {
  my ($t0) = @_;
  my $t = now - $t0;
  my $late = worst($t0);
  my $most = DEADLINE + SESSION + TURNS * $late;    # clock: the upper bound, by the machine's lateness meanwhile
  die ['again', sprintf 'the deadline came after %.2f s, expected %d to %.2f s (the machine was late by %.2f s)', $t, DEADLINE, $most, $late] if $t > $most;
  return;
}

# --- a run ----------------------------------------------------------------------------

# Runs the tests, and then what must hold in the end. With CODE: something more that must.
sub run {
  my ($code) = @_;
  $_->{pid} and $_->ready for Test::Exim::all();
  my $only = $ENV{TEST_ONLY} // '';
  my @run = grep { $_->{name} =~ /$only/ } @test;
  plan(skip_all => "no test here is named like $only") if !@run;
  my %running;
  my $hung = 0;
  my @queue = ((grep { $_->{first} } @run), grep { !$_->{first} } @run);
  my $serial = 0;
  $_->{serial} = $serial++ for @queue;
  while (@queue || %running) {
    while (@queue && keys %running < AT_ONCE && $hung < HUNG) {
      my $test = shift @queue;
      my $pid = fork // die "fork: $!\n";
      if (!$pid) { perform($test); POSIX::_exit(0) }
      $running{$pid} = $test;
    }
    last if !%running;
    my $test = delete $running{ my $pid = waitpid -1, 0 } or next;
    my $found = Test::Place::contents(file("found-$test->{serial}"));
    ($test->{verdict}, $test->{text}) = $found =~ /\A(\w+)\n(.*)\z/s ? ($1, $2) : ('failed', 'its process died');
    $hung++ if $test->{verdict} eq 'hung';
  }
  for my $test (@run) {
    my $verdict = $test->{verdict} // 'failed';
    SKIP: {
      skip("$test->{name}: $test->{text}", 1) if $verdict eq 'skipped';
      ok($verdict eq 'ok', $test->{name}) or diag("made at $test->{at}\n", $test->{text} // 'not tried, since too many others hung');
    }
  }
  Test::Exim::all_well();
  my @told = map { grep { /proxy/i && !/ CONN | MAIL | <= |input="|SMTP syntax error|unrecognized|dropped: too many commands after failed PROXY negotiation$/ && !($unlisted && / PROXY header from \[/) } split /\n/, $_->log } grep { !$_->{panic} } Test::Exim::all();
  is(join("\n", @told), '', 'the negotiation itself is not logged');
  $code->() if $code;
  done_testing();
  return;
}

# In a process of its own: writes down what it finds.
sub perform {
  my ($test) = @_;
  local $SIG{PIPE} = 'IGNORE';
  @SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;
  my $case = bless { %$test, connections => 0, attempt => 0 }, 'Test::Wire::Case';
  my @found = ('ok', '');
  for (1 .. ATTEMPTS) {
    $case->{attempt}++;
    @found = eval { $test->{code}->($case); 1 } ? ('ok', '') : ref $@ ? @{ $@ } : ('failed', $@);
    last if $found[0] ne 'again';
  }
  @found = ('failed', "$found[1]; this was attempt ${\ATTEMPTS}") if $found[0] eq 'again';
  $found[0] = 'hung' if $found[0] eq 'failed' && grep { $_->{silent} } @{ $case->{made} };
  Test::Place::write_file(file("found-$test->{serial}"), join "\n", @found);
  return;
}

# --- one test -------------------------------------------------------------------------

package Test::Wire::Case;
use POSIX qw(WNOHANG);
use Lateness qw(now);
use Test::Place qw(file spawn within contents write_file);

sub skip { my ($self, $why) = @_; die ['skipped', $why] }

# Each connection is from an address of its own, by which the log tells it from others.
sub connect {
  my ($self, %o) = @_;
  my $on = $o{on} // $exim;
  my $n = $self->{serial} * 24 + $self->{connections}++;
  my $from = $o{v6} ? '::1' : $o{from} // sprintf '127.%d.%d.%d', $o{net} // 1, $n / 250, $n % 250 + 1;
  my $c = Test::Wire::Session->connect(to => $o{v6} ? '::1' : '127.0.0.1', from => $from, on => $on, case => $self,
    port => $o{port} // ($o{tls} ? $on->{tls_ports} : $on->{ports})->[0]);
  push @{ $self->{made} }, $c;
  return $c;
}

sub begin {
  my ($self, $bytes, %o) = @_;
  my $c = $self->connect(%o);
  $c->send_as($bytes, $o{as}) if length $bytes;
  $c->tls if $o{tls};
  return $c;
}

# exim -bs as inetd starts it
sub inetd {
  my ($self, $on) = @_;
  my $listen = IO::Socket::IP->new(LocalHost => '127.0.0.1', Listen => 1, Type => Socket::SOCK_STREAM()) or die "listen: $@\n";
  my $c = $self->connect(on => $on, net => 2, port => $listen->sockport);
  my $socket = $listen->accept;
  $c->{server} = spawn(['<&', $socket], ['>&', $socket], ['>', $on->path("inetd-$self->{serial}.err")], $on->command('-bs'));
  return $c;
}

package Test::Wire::Session;
use parent -norequire, 'Test::SMTP';
use Socket qw(AF_INET6 inet_ntoa inet_ntop inet_pton);
use Time::HiRes qw(sleep);
use Lateness qw(now worst);
use Test::Place qw(within contents);
BEGIN { *DEADLINE = \&Test::Wire::DEADLINE; *REFUSED = \&Test::Wire::REFUSED }

# The machine was too late for a verdict: another attempt. After the last one, `fail` or `skip`, if we were what was late.
sub too_late { my ($self, $last, $why) = @_; die [$last eq 'skip' && $self->{case}{attempt} == Test::Wire::ATTEMPTS ? 'skipped' : 'again', $why] }

# The banner. A daemon that waits for its deadline has hung, unless that is the contract's.
sub banner {
  my ($self) = @_;
  my $reply = $self->reply;
  my ($pid) = ($reply // '') =~ /^220 wire (\d+)$/ or $self->fail('the banner: expected `220`, got ' . ($reply // $self->state) . sprintf ' after %.2f s', now - $self->{t0});
  my @stat = split ' ', contents("/proc/$pid/stat") =~ s/^.*\) //sr;
  my $cpu = @stat ? ($stat[11] + $stat[12]) / POSIX::sysconf(POSIX::_SC_CLK_TCK()) : 0;
  $self->fail(sprintf 'the server process had used %.2f s of CPU at its banner', $cpu) if $cpu > Test::Wire::CPU;
  $self->{pid} = $pid;
  return;
}

sub deadline { my ($self) = @_; $self->banner; Test::Wire::at_deadline($self->{t0}); return }

# clock: nothing tells when the deadline is over, if there is no banner before a handshake: wait for as long as it may be late
sub outwait {
  my ($self) = @_;
  sleep DEADLINE + ($self->{case}{attempt} - 1) * DEADLINE;
  sleep Test::Wire::SESSION + Test::Wire::TURNS * worst($self->{t0});
  return;
}

sub ehlo { my ($self) = @_; $self->command('EHLO case.test', qr/^250[- ]wire\.test Hello/); return }
sub served { my ($self) = @_; $self->ehlo; $self->quit; return }

# After the banner of a failed negotiation
sub refused {
  my ($self, @commands) = @_;
  $self->command($_, REFUSED) for @commands ? @commands : 'EHLO case.test';
  $self->quit;
  return;
}

# A banner and then refusals, or nothing but the error, for what follows the header early
sub refused_or_early {
  my ($self) = @_;
  my $reply = $self->expect('early input', qr/^220 wire|^${\Test::Wire::EARLY}/);
  return if $reply !~ /^220/;
  $self->expect('EHLO', REFUSED);
  $self->quit;
  return;
}

# Input too early, all of which the log shows, from its first byte
sub early {
  my ($self, $bytes, $ip, $port) = @_;
  $ip //= $self->{ip};
  $port //= $self->{sport};
  $self->expect('early input', Test::Wire::EARLY);
  $self->ended;
  my $seen = quotemeta Test::SMTP::printing(substr($bytes, 0, 120) =~ s/[\0"].*//sr);
  $seen =~ s/\\\\t/(?:\\\\t|\t)/g;    # some releases leave a tab as it is
  $self->logged('a synchronization error with all of the input', qr/ SMTP protocol synchronization error \(input sent without waiting for greeting\): rejected connection from H=\[\Q$ip\E\]:$port(?: I=\S+)? input="$seen/);
  return;
}

# A header of a peer that is not in the list: before the banner, or after it if the machine was too late, the end
sub unexpected {
  my ($self, $why) = @_;
  my $reply = $self->expect('the header', qr/^220 wire|^554 Unexpected PROXY header$/);
  $self->expect('the header', '554 Unexpected PROXY header') if $reply =~ /^220/;
  $self->ended;
  $self->logged('the header', qr/ PROXY header from \[\Q$self->{ip}\E\], \Q$why\E$/);
  return;
}

# A whole session: the client or the peer is served, or refused
sub takes   { my ($self, @is) = @_; $self->banner; $self->served; $self->is_client(@is); return }
sub keeps   { my ($self, @is) = @_; $self->banner; $self->served; $self->is_itself(@is); return }
sub serves  { my ($self, @is) = @_; $self->banner; $self->served; $self->is_unlisted(@is); return }
sub refuses { my ($self, @is) = @_; $self->banner; $self->refused; $self->is_failed(@is); return }

# --- what the logs say ------------------------------------------------------------------

sub lines { my ($self, $like) = @_; return grep { $_ =~ $like } split /\n/, $self->{on}->log . $self->{on}->log('reject') }

sub logged {
  my ($self, $what, $line) = @_;
  within(sub { $self->lines($line) }) or $self->fail("the log: expected $what: no line like $line");
  return;
}

sub not_logged {
  my ($self, $what, $line) = @_;
  my ($found) = $self->lines($line) or return;
  $self->fail("the log: did not expect $what: $found");
  return;
}

# A message in a session that is greeted, and all that is known of it then. %want: sha, shp; p, the protocol; pha, the proxy; x,
# true if it is over TLS
my $messages = 0;
sub message_arrives {
  my ($self, %want) = @_;
  my $from = "m$$." . ++$messages . '@from.test';
  return $self->arrived($from, $self->message($from, 'x@to.test'), %want);
}

sub arrived {
  my ($self, $from, $id, %want) = @_;
  my ($sha, $shp, $p, $pha, $x) = @{ { p => 'esmtp', pha => $self->{ip}, %want } }{qw(sha shp p pha x)};
  my $prx = $self->{on}{hide} ? '' : $pha;
  my $limited = qr/(?: L\.?)?/;    # the client may use LIMITS, or pipeline
  my $tls = $x ? qr/$limited X=\S+(?: CV=\S+)?(?: SNI=\S+)?(?: DN=\S+)?/ : qr//;
  my $proxy = length $prx ? qr/$limited PRX=\Q$prx\E/ : $limited;
  my ($line) = $self->{on}->log =~ /^\S+ \S+ (\Q$id\E <= .*)$/m or $self->fail("the log has no `<=` line of $id");
  my $want = qr/^\S+ <= \Q$from\E H=(?:\(\S+\) )?\[\Q$sha\E\]:$shp I=\[\Q$self->{to}\E\]:$self->{port} (?:Ci=\S+ )?(?:L\.? ?)?(?:PRDR |L )*P=$p$tls$proxy (?:K )?S=\d/;
  $self->fail("the log: expected a line like $want, got\n$line") if $line !~ $want or !length $prx && $line =~ /PRX=/;
  $self->logged('the MAIL ACL', qr/ MAIL from=<\Q$from\E> ps=<@{[length $pha ? 'yes' : 'no']}> pha=<\Q$pha\E> sha=<\Q$sha\E>$/);
  my ($received) = contents($self->{on}->path("input/$id-H")) =~ /^\d+P Received: (.*?)\n(?=\d{3})/ms or $self->fail("no Received: of $id");
  $received =~ s/\s+/ /g;
  $self->fail("Received: expected from [$sha], got `$received`") if $received !~ /^from .*\[\Q$sha\E\](?::$shp| \(.*\bport=$shp\b| \(|\b)? .*by wire\.test/;
  $self->fail("Received: the proxy's address is in `$received`") if length $prx && $sha ne $prx && $received =~ /\Q$prx\E/;
  return;
}

# The form in which the contract has addresses: canonical text, IPv4-mapped as IPv4.
sub canonical {
  my ($text) = @_;
  my $bytes = inet_pton(AF_INET6, $text) // return $text;
  return substr($bytes, 0, 12) eq "\0" x 10 . "\xff\xff" ? inet_ntoa(substr $bytes, 12) : inet_ntop(AF_INET6, $bytes);
}

# What the connect ACL saw of this connection, which is the only one of this peer
sub saw {
  my ($self, %want) = @_;
  %want = (ria => $self->{to}, rp => $self->{port}, %want);
  my @seen;
  for my $line (grep { / CONN ps=.*<\Q$self->{ip}\E> .*<$self->{sport}> / } split /\n/, $self->{on}->log) {
    my %is = $line =~ /(\w+)=<(.*?)>(?= \w+=<|$)/g;
    my @peer = @is{ length $is{pha} ? qw(pha php) : qw(sha shp) };
    push @seen, { %is, line => $line } if "@peer" eq "$self->{ip} $self->{sport}";
  }
  $self->fail("the connect ACL: expected one line of the peer [$self->{ip}]:$self->{sport}, got " . @seen) if @seen != 1;
  my ($is) = @seen;
  $want{$_} //= qr/\[\Q$want{sha}\E\]/ for qw(sfh srh);
  my @wrong = grep { my $want = $want{$_}; !defined $is->{$_} or ref $want ? $is->{$_} !~ $want : $is->{$_} ne $want } sort keys %want;
  $self->fail('the connect ACL: ' . join(', ', map { "$_ expected `$want{$_}`, got `" . ($is->{$_} // 'none') . '`' } @wrong) . "\n$is->{line}") if @wrong;
  return;
}

sub is_client {
  my ($self, $values, %more) = @_;
  my ($from, $port, $to, $to_port) = split ' ', $values;
  $from = canonical($from);
  $self->saw(ps => 'yes', pha => $self->{ip}, php => $self->{sport}, pta => canonical($to), ptp => $to_port, sha => $from, shp => $port,
    fail => '-', health => $from eq $self->{ip} ? 'y' : '-', %more);
  return;
}

sub itself { my ($self) = @_; return (sha => $self->{ip}, shp => $self->{sport}, pta => '', ptp => '') }
sub is_itself   { my ($self, %more) = @_; $self->saw($self->itself, ps => 'yes', pha => $self->{ip}, php => $self->{sport}, fail => '-', health => 'y', %more); return }
sub is_failed   { my ($self, %more) = @_; $self->saw($self->itself, ps => 'yes', pha => '', php => '', fail => 'y', health => '-', %more); return }
sub is_unlisted { my ($self, %more) = @_; $self->saw($self->itself, ps => 'no', pha => '', php => '', fail => '-', health => '-', %more); return }

1;
