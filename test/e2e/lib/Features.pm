# SPDX-License-Identifier: GPL-2.0-or-later
package Features;

# What test/e2e/features has in common: one binary's place, with zones that Exim's DNS look-ups find; Exims with
# configurations of a few lines; clients that come through a proxy; and the tests, each by the name that
# test/features.md has for it.

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Copy qw(copy);
use Time::HiRes qw(time);
use Guide qw(place file address free_ports exim_owner start stop stop_all alive run_quietly within contents
  write_file leftover smtp_connect smtp_secure smtp_reply smtp_command smtp_close);
use lib abs_path(dirname(__FILE__) . '/../../lib');
use Scenario::World ();

our @EXPORT = qw(GOOD BAD feature has is like check skip skip_without recipient zone rzone exim routers run_exim client direct reply helo
  refused accepted data message logged mailbox stub got tool password certificate port home release
  file address free_ports exim_owner start stop run_quietly within contents write_file
  smtp_secure smtp_reply smtp_command smtp_close);

# The clients that the proxy tells of. Tests treat the two differently, and neither as the proxy's own address.
use constant { GOOD => '198.51.100.7', BAD => '198.51.100.77' };
use constant { PROXY => 1, EXIM => 2, DIRECT => 3, TARGET4 => '203.0.113.25', TARGET6 => '2001:db8::25' };

my $test = abs_path(dirname(__FILE__) . '/../..');
my $lib = abs_path(dirname(__FILE__));
my (@feature, $world, $release, $binary, $now, $homes, @running);
our %count = (passed => 0, failed => 0, skipped => 0);
our $verbose;

# --- tests, and what they find --------------------------------------------------------

# feature NAME, [NEED...], CODE: a test. What it needs is written as in the table, "lookup redis"; a word with a bar
# is a choice. If the binary has not all of it, the test is skipped.
sub feature { my ($name, $needs, $code) = @_; push @feature, { name => $name, needs => $needs, code => $code }; return }
sub names { return map { $_->{name} } @feature }
sub named_like { my ($regex) = @_; return grep { $_->{name} =~ $regex } @feature }

sub has {
  my ($need) = @_;
  my ($kind, $words) = split ' ', $need, 2;
  return $kind eq 'feature' ? $world->has_macro($words) : scalar grep { $world->{has}{$kind}{$_} } split /\|/, $words;
}

sub check {
  my ($what, $good, $detail) = @_;
  $good ? $count{passed}++ : $count{failed}++;
  print $good ? 'ok' : 'not ok', " - $release: $now: $what\n" if $verbose or not $good;
  return 1 if $good;
  print map { "    $_\n" } split /\n/, $detail if length($detail // '');
  return 0;
}

sub is   { my ($what, $got, $want) = @_; return check($what, defined $got && $got eq $want, 'got  ' . ($got // 'nothing') . "\nwant $want") }
sub like { my ($what, $got, $want) = @_; return check($what, scalar(defined $got && $got =~ $want), 'got  ' . ($got // 'nothing') . "\nwant $want") }

sub skip {
  my ($why) = @_;
  $count{skipped}++;
  print "skipped - $release: $now: $why\n";
  return;
}

# In a test: go on only with these programs.
sub skip_without { my ($why) = @_; die { skip => $why } }
sub tool {
  my @names = @_;
  for my $name (@names) { for my $dir (split(/:/, $ENV{PATH}), '/usr/sbin') { return "$dir/$name" if -x "$dir/$name" } }
  skip_without("no $names[0] here: run scripts/setup full");
}

# --- a run ----------------------------------------------------------------------------

# with_binary(EXIM, CODE): a copy of the binary that asks our zones, and a place for it.
sub with_binary {
  ($binary, my $code) = @_;
  $world = Scenario::World->new(exim => $binary, suite => $test, home => $test);
  ($release, $homes, $now) = ($world->{version}, 0, 'start');
  place("$world->{top}/exim/exim");
  # not setuid, and where Exim's own user can run it
  copy("$world->{top}/exim/exim", file('exim')) or die file('exim'), ": $!\n";
  chmod 0755, file('exim');
  mkdir file($_) or die file($_), ": $!\n" for qw(bin dnszones);
  symlink "$world->{top}/bin/fakens", file('bin', 'fakens') or die "fakens: $!\n";
  zone('example', '');
  my $ok = eval { $code->($world); 1 };
  my $why = $@;
  stop_all();
  $now = 'end';
  within(sub { not leftover() });
  check('no process is left over', not(leftover()), join "\n", leftover());
  undef $world;
  die $why if not $ok;
  return;
}

# run(LIMIT, TEST...): each test within LIMIT seconds.
sub run {
  my $limit = shift;
  for my $feature (@_) {
    unlink glob file('dnszones', 'db.ip4.*');
    $now = $feature->{name};
    my @lacking = grep { not has($_) } @{ $feature->{needs} };
    if (@lacking) { skip("the binary has no @lacking"); next }
    my $began = time;
    my $ok = eval {
      local $SIG{ALRM} = sub { die "it takes more than $limit seconds\n" };
      alarm $limit;
      $feature->{code}->();
      alarm 0;
      1;
    };
    my $why = $@;
    alarm 0;
    if (not $ok and ref $why) { skip($why->{skip}) }
    elsif (not $ok) { check('it goes through', 0, $why . tails()) }
    judge_exims();
    printf "# %s: %s: %.1f s\n", $release, $now, time - $began if $verbose;
  }
  return;
}

# What ended a test early is often in the logs.
sub tails {
  my $text = '';
  for my $e (@running) {
    my @lines = split /^/, contents("$e->{home}/log/mainlog");
    splice @lines, 0, -6 if @lines > 6;
    $text .= join '', "end of its log:\n", @lines;
  }
  return $text;
}

# After each test: its Exims end, and none had to panic, except of what the test says.
sub judge_exims {
  for my $e (@running) {
    stop($e->{pid}, 'TERM');
    my $panic = contents("$e->{home}/log/paniclog");
    $panic =~ s/$e->{panics}//g if $e->{panics};
    check('no panic log', 0, $panic) if $panic ne '';
  }
  @running = ();
  return;
}

# named(NAME, CODE): what it checks goes by this name.
sub named { ($now, my $code) = @_; $code->(); return }

# Where the programs may be that were built with the binary.
sub beside { return dirname($binary) }

sub release { return $release }
sub port { return (free_ports(1))[0] }
sub home { my $home = file('home' . ++$homes); mkdir $home or die "$home: $!\n"; exim_owner($home); return $home }

# --- DNS ------------------------------------------------------------------------------

# zone(NAME, RECORDS): as test/bin/fakens reads it. rzone(ADDRESS, RECORD): what an IPv4 address has in the reverse tree.
sub zone  { my ($name, $text) = @_; write_file(file('dnszones', "db.$name"), $text); return }
sub rzone {
  my ($address, $record) = @_;
  my ($net, @rest) = split /\./, $address;
  my $file = file('dnszones', "db.ip4.$net");
  my $secure = $record =~ s/^DNSSEC // ? 'DNSSEC ' : '';
  write_file($file, contents($file) . $secure . join('.', reverse @rest) . " $record\n");
  return;
}

# --- Exim -----------------------------------------------------------------------------

# routers(TO, OPTION...): one with these options that sends to the host TO by the transport "out", and one for what it leaves.
sub routers {
  my ($to, @options) = @_;
  return join '', map { "$_\n" } 'out:', '  driver = manualroute', (map { "  $_" } @options), "  route_list = * $to", '  transport = out',
    'mailbox:', '  driver = accept', '  transport = mailbox';
}

# exim(main => ..., acl => ..., routers => ..., transports => ..., authenticators => ...): a daemon with that added to
# its configuration. Mail to example domains is put in a mailbox, unless the routers say otherwise.
sub exim {
  my (%part) = @_;
  my $e = { home => home(), port => port(), address => address(EXIM), panics => $part{panics} };     # text that a panic log may have
  $e->{conf} = file("exim$homes.conf");
  my $main = $part{main} // '';
  my %here = map { $_ => 1 } $main =~ /^(\w+) *=/mg;
  my @default = ("primary_hostname = mx.example", "proxy_required_hosts = @{[address(PROXY)]}", 'keep_environment = PATH',
    'log_selector = +proxy +incoming_port +outgoing_port +smtp_confirmation', 'host_lookup =', 'rfc1413_hosts =',
    'acl_smtp_rcpt = accept', $here{tls_certificate} ? () : 'tls_advertise_hosts =', has('support DMARC') ? 'dmarc_tld_file =' : ());
  my $default = join '', map { "$_\n" } grep { /^(\w+)/ and not $here{$1} } @default;
  write_file($e->{conf}, <<"END" =~ s/HOME\b/$e->{home}/gr =~ s/\bTHEPORT\b/$e->{port}/gr);
exim_path = @{[file('exim')]}
spool_directory = HOME
log_file_path = HOME/log/%slog
pid_file_path = HOME/exim.pid
local_interfaces = <; [$e->{address}]:$e->{port}
deliver_drop_privilege = true
$default$main
begin acl
@{[$part{acl} // '']}
begin routers
@{[$part{routers} // "mailbox:\n  driver = accept\n  transport = mailbox\n"]}
begin transports
mailbox:
  driver = appendfile
  file = HOME/mailbox
@{[$part{transports} // '']}
begin authenticators
@{[$part{authenticators} // '']}
begin retry
* * F,1h,10m
END
  start_exim($e);
  return $e;
}

# A daemon is started by this command, if there is one: see the test of TCP wrappers.
our $prefix = [];

sub start_exim {
  my ($e) = @_;
  $e->{pid} = start("exim$homes", @$prefix, file('exim'), '-C', $e->{conf}, '-bdf');
  push @running, $e;
  # From an address of no proxy; the session is none.
  within(sub { alive($e->{pid}) && eval { smtp_close(smtp_connect(address(DIRECT), $e->{address}, $e->{port})); 1 } })
    or die "Exim does not start\n";
  return;
}

# Runs it for something else than a daemon; returns what it said.
sub run_exim {
  my ($e, @arguments) = @_;
  run_quietly("run$homes", file('exim'), '-C', $e->{conf}, @arguments);
  return contents(file("run$homes.out"));
}

# A message's line, or any that fits, in the log; undef if it does not come.
sub logged {
  my ($e, $what) = @_;
  my $line;
  within(sub { ($line) = contents("$e->{home}/log/mainlog") =~ /^(.*$what.*)$/m });
  return $line;
}

sub mailbox {
  my ($e, $name) = @_;
  my $text = '';
  within(sub { ($text = contents("$e->{home}/" . ($name // 'mailbox'))) =~ /\n\n/ });
  return $text;
}

# --- clients --------------------------------------------------------------------------

# client(EXIM, ADDRESS): a session through the proxy, up to the response to EHLO, which is in {ehlo}. Options: header,
# another than ADDRESS's; banner, stop before it; ehlo, the name; secure, TLS at once.
sub client {
  my ($e, $address, %option) = @_;
  my ($kind, $target) = $address =~ /:/ ? ('TCP6', TARGET6) : ('TCP4', TARGET4);
  my $s = smtp_connect(address(PROXY), $e->{address}, $e->{port});
  print { $s->{socket} } $option{header} // "PROXY $kind $address $target 56324 25\r\n";
  smtp_secure($s, %{ $option{secure} }) if $option{secure};
  return $s if $option{banner};
  $s->{banner} = smtp_reply($s);
  die "the banner is $s->{banner}" if $s->{banner} !~ /\A220 /;
  return helo($s, $option{ehlo});
}

sub direct {
  my ($e, $from) = @_;
  my $s = smtp_connect(address($from // DIRECT), $e->{address}, $e->{port});
  $s->{banner} = smtp_reply($s);
  return helo($s);
}

sub helo {
  my ($s, $name) = @_;
  $s->{ehlo} = smtp_command($s, 'EHLO ' . ($name // 'client.example'), 250);
  return $s;
}

# Several lines at once, and as many responses.
sub reply {
  my ($s, @lines) = @_;
  print { $s->{socket} } map { "$_\r\n" } @lines;
  my @replies = map { smtp_reply($s) =~ s/\n\z//r } @lines;
  return wantarray ? @replies : $replies[-1];
}

# A session of its own, up to RCPT, and its response.
sub recipient {
  my ($e, $address, $sender, $to) = @_;
  my $s = ref $address ? $address : client($e, $address);
  reply($s, 'MAIL FROM:<' . ($sender // 'sender@example.net') . '>');
  my $reply = reply($s, 'RCPT TO:<' . ($to // 'user@local.example') . '>');
  smtp_close($s) if not ref $address;
  return $reply;
}
sub accepted { my ($what, @session) = @_; return like($what, recipient(@session), qr/\A250 /) }
sub refused  { my ($what, @session) = @_; return like($what, recipient(@session), qr/\A550 /) }

# The mail's lines after MAIL and RCPT; the response.
sub data {
  my ($s, @lines) = @_;
  my $reply = reply($s, 'DATA');
  return $reply if $reply !~ /\A354 /;
  print { $s->{socket} } map { "$_\r\n" } @lines ? @lines : ('Subject: a test', '', 'body'), '.';
  return smtp_reply($s) =~ s/\n\z//r;
}

# message(EXIM, ADDRESS or session, { sender, to => [...], lines => [...] }): a whole one; the response to its data.
sub message {
  my ($e, $address, %m) = @_;
  my $s = ref $address ? $address : client($e, $address);
  reply($s, 'MAIL FROM:<' . ($m{sender} // 'sender@example.net') . '>' . ($m{mail} // ''));
  my @to = map { reply($s, "RCPT TO:<$_>") } @{ $m{to} // ['user@local.example'] };
  my $reply = (grep { /\A250/ } @to) ? data($s, @{ $m{lines} // [] }) : $to[0];
  smtp_close($s) if not ref $address;
  return $reply;
}

# --- other servers --------------------------------------------------------------------

# stub(NAME, KIND, PLACE, ARGUMENT...): a server from Features::Stub, at PLACE: a path, or "address:port". What it is sent is got(NAME).
sub stub {
  my ($name, $kind, $place, @arguments) = @_;
  unlink file("$name.out");
  write_file(file("$name.got"), '');
  my $pid = start($name, $^X, "-I$lib", '-MFeatures::Stub', '-e', 'Features::Stub::main(@ARGV)', $kind, $place, file("$name.got"), @arguments);
  within(sub { alive($pid) && contents(file("$name.out")) =~ /^listening$/m }) or die "the server $name does not start\n";
  return $pid;
}
sub got {
  my ($name, $what) = @_;
  my $text = '';
  within(sub { ($text = contents(file("$name.got"))) =~ ($what // qr/./) });
  return $text;
}

# --- TLS ------------------------------------------------------------------------------

# certificate(NAME): file names of a certificate and key for it, signed by one authority, whose certificate is NAME "ca".
# Returns { cert, key, ca }.
sub certificate {
  my ($name) = @_;
  my %pair = map { $_ => { cert => file("$_.crt"), key => file("$_.key"), ca => file('ca.crt') } } 'ca', $name;
  my @new = qw(openssl req -newkey rsa:2048 -nodes);
  my $openssl = tool('openssl');
  if (not -e $pair{ca}{cert}) {
    run_quietly('openssl', $openssl, @new[1 .. $#new], qw(-x509 -days 2 -subj /CN=ca), '-keyout', $pair{ca}{key}, '-out', $pair{ca}{cert});
  }
  if (not -e $pair{$name}{cert}) {
    write_file(file('ext'), "subjectAltName = DNS:$name\n");
    run_quietly('openssl', $openssl, @new[1 .. $#new], '-subj', "/CN=$name", '-keyout', $pair{$name}{key}, '-out', file('request'));
    run_quietly('openssl', $openssl, qw(x509 -req -CAcreateserial -days 2), '-in', file('request'), '-CA', $pair{ca}{cert},
      '-CAkey', $pair{ca}{key}, '-extfile', file('ext'), '-out', $pair{$name}{cert});
    exim_owner($pair{$name}{key});
  }
  return $pair{$name};
}

1;
