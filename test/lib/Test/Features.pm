# SPDX-License-Identifier: GPL-2.0-or-later
package Test::Features;

# For test/e2e/features: Exims with a configuration of a few lines, which decide by the client's address or tell somebody of
# it, and clients GOOD and BAD that come through a proxy. Where the proxy's address were used instead, a test would fail.
#
#   feature NAME, [NEED...], CODE   one test; it is skipped if the binary lacks what it needs, such as "support SPF|MailSPF"
#   lacking(WHY)                    skips the rest of it
#   exim(main =>, acl =>, routers =>, transports =>, authenticators =>, more for Test::Exim)
#                                   a running daemon; mail goes to a mailbox unless the routers say otherwise
#   client(EXIM, ADDRESS, ...)      a session through the proxy up to EHLO, the response to which is in {ehlo}
#   recipient, message              RCPT and the response to it; a whole message, and the response to its end
#   zone, rzone                     what Exim finds in the DNS
#   certificate(NAME)               { cert, key, ca }: by one authority

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter qw(import);
use File::Basename qw(dirname);
use File::Copy qw(copy);
use Test::More;
use Test::Exim ();
use Test::Header qw(v1);
use Test::Place qw(contents file find_tool run_quietly within write_file);
use Test::SMTP ();
use Test::Stub ();

our @EXPORT = qw(GOOD BAD PROXY EXIM OTHER feature has lacking exim client recipient message mailbox zone rzone certificate openssl);

use constant { GOOD => '198.51.100.7', BAD => '198.51.100.77', PROXY => '127.0.1.1', EXIM => '127.0.2.1', OTHER => '127.0.3.1' };

my $test = abs_path(dirname(__FILE__) . '/../..');
my (%has, @running, $exims);

# --- the binary -----------------------------------------------------------------------

# Its copy asks our zones: it is told that it is under test.
sub prepare {
  my $binary = Test::Exim::binary();
  my $image = contents($binary);
  $image =~ s/>>>running<<</<<<testing>>>/g or die "$binary is no Exim\n";
  write_file($binary, $image);
  mkdir file($_) or die file($_), ": $!\n" for qw(bin dnszones);
  copy("$test/bin/fakens", file('bin/fakens')) && chmod 0755, file('bin/fakens') or die "fakens: $!\n";
  zone('example', '');
  for (split /\n/, Test::Exim::says('-bV')) {
    my ($kind, $words) = /\A(Support|Lookup|Authenticator|Router|Transport|Malware)s?\b[^:]*:\s*(.*)/ or next;
    for (split ' ', $words) {
      my ($word, @more) = split m{/};    # appendfile/maildir/mailstore
      $has{ lc($kind) . " $_" } = 1 for $word, map { "$word/$_" } @more;
    }
  }
  return;
}

# All that -bV lists, as needs are written
sub listed { prepare() if !%has; return sort keys %has }

sub has {
  my ($need) = @_;
  listed();
  my ($kind, $words) = split ' ', $need, 2;
  return scalar grep { $has{"$kind $_"} } split /\|/, $words;
}

# --- tests ----------------------------------------------------------------------------

sub lacking { my ($why) = @_; die ["$why\n"] }

sub feature {
  my ($name, $needs, $code) = @_;
  my @lacking = grep { !has($_) } @$needs;
  unlink glob file('dnszones/db.ip4.*');
  eval { lacking("this Exim lacks @lacking") if @lacking; $code->(); 1 } or do {
    my $why = $@;
    SKIP: { ref $why ? skip("$name: $why->[0]", 1) : fail("$name: goes through") && diag($why, map { $_->log } @running) }
  };
  $_->stop_daemon for @running;
  delete $_->{pid} for @running;
  @running = ();
  return;
}

# --- Exim -----------------------------------------------------------------------------

sub exim {
  my (%part) = @_;
  has('support Experimental_Proxy') or die "this Exim lacks the feature\n";
  my %text = map { $_ => delete $part{$_} // '' } qw(main acl routers transports authenticators);
  my $main = join "\n", 'proxy_required_hosts = ' . PROXY, 'log_selector = +proxy +incoming_port +outgoing_port +smtp_confirmation',
    $text{main} =~ /^acl_smtp_rcpt/m ? () : 'acl_smtp_rcpt = accept', has('support DMARC') && $text{main} !~ /^dmarc/m ? 'dmarc_tld_file =' : (), $text{main};
  my $rest = "begin acl\n$text{acl}\nbegin routers\n$text{routers}\nmailbox:\n  driver = accept\n  transport = mailbox\nbegin transports\n$text{transports}\n"
    . "mailbox:\n  driver = appendfile\n  file = DIR/mailbox\nbegin authenticators\n$text{authenticators}\nbegin retry\n* * F,1h,10m\n";
  push @running, Test::Exim->new('exim' . ++$exims, hostname => 'mx.example', addresses => [EXIM], %part, main => $main, rest => $rest);
  symlink file($_), $running[-1]->path($_) for qw(bin dnszones);    # beside its configuration it looks for them
  return $running[-1]->start_daemon->ready;
}

# Waits for what is in its mailbox.
sub mailbox { my ($exim) = @_; my $text; within(sub { ($text = contents($exim->path('mailbox'))) =~ /\n\n/ }); return $text }

# --- clients --------------------------------------------------------------------------

# Options: header, another than ADDRESS's; tls, at once; greeted => 0, stop before the banner
sub client {
  my ($exim, $address, %o) = @_;
  my $c = Test::SMTP->connect(from => PROXY, to => EXIM, port => $exim->{ $o{tls} ? 'tls_ports' : 'ports' }[0]);
  $c->send($o{header} // v1('TCP4', $address, '203.0.113.25', 56_324, 25));
  $c->{handshake} = $c->tls if $o{tls};
  return $c if !($o{greeted} // 1);
  $c->expect('the banner', qr/^220 /);
  $c->{ehlo} = $c->command('EHLO client.example', qr/^250/);
  return $c;
}

sub recipient {
  my ($c, $from, $to) = @_;
  $c->command("MAIL FROM:<$from>", qr/^250 /);
  return $c->command('RCPT TO:<' . ($to // 'user@local.example') . '>', qr/^/);
}

# message(SESSION, from =>, to =>, lines => [...])
sub message {
  my ($c, %m) = @_;
  my $reply = recipient($c, $m{from} // 'sender@example.net', $m{to});
  return $reply if $reply !~ /^250/;
  $c->command('DATA', qr/^354 /);
  return $c->command(join("\r\n", $m{lines} ? $m{lines}->@* : ('Subject: a test', '', 'body'), '.'), qr/^/);
}

# --- DNS ------------------------------------------------------------------------------

# zone(NAME, RECORDS): as test/bin/fakens reads it. rzone(ADDRESS, RECORD): what an IPv4 address has in the reverse tree.
sub zone { my ($name, $text) = @_; write_file(file("dnszones/db.$name"), $text); return }
sub rzone {
  my ($address, $record) = @_;
  my ($net, @rest) = split /\./, $address;
  my $file = file("dnszones/db.ip4.$net");
  my $secure = $record =~ s/^DNSSEC // ? 'DNSSEC ' : '';
  write_file($file, contents($file) . $secure . join('.', reverse @rest) . " $record\n");
  return;
}

# --- certificates ---------------------------------------------------------------------

sub openssl {
  my (@arguments) = @_;
  run_quietly('openssl', find_tool('openssl') // lacking('no openssl here: run scripts/setup test'), @arguments);
  return contents(file('openssl.out'));
}

sub certificate {
  my ($name) = @_;
  my ($cert, $key, $ca) = map { file($_) } "$name.crt", "$name.key", 'ca.crt';
  return { cert => $cert, key => $key, ca => $ca } if -e $cert;
  my @new = qw(req -newkey rsa:2048 -nodes);
  openssl(@new, qw(-x509 -days 2 -subj /CN=ca -keyout), file('ca.key'), '-out', $ca) if !-e $ca;
  write_file(file('extension'), "subjectAltName = DNS:$name\n");
  openssl(@new, '-subj', "/CN=$name", '-keyout', $key, '-out', file('request'));
  openssl(qw(x509 -req -CAcreateserial -days 2), '-in', file('request'), '-CA', $ca, '-CAkey', file('ca.key'), '-extfile', file('extension'), '-out', $cert);
  Test::Exim::give($key);
  return { cert => $cert, key => $key, ca => $ca };
}

1;
