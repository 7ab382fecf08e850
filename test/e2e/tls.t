#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# TLS that ends at the proxy, as doc-txt/guide/tls-at-the-proxy.md has it: Exim and a real HAProxy, with the
# configurations that are taken from the text. Only addresses and paths are put in place, and what the text leaves to others:
# files, routers, an authenticator. A wrong CRC32C cannot be had from HAProxy: test/scripts has it, 4092.
use strict;
use warnings;
use FindBin ();
use MIME::Base64 qw(encode_base64);
use lib "$FindBin::RealBin/../lib";
use Test::Exim qw(MAILBOX);
use Test::HAProxy ();
use Test::More import => [qw(plan done_testing)];
use Test::Place qw(contents file find_tool free_ports run_quietly within write_file);
use Test::SMTP ();

# What HAProxy listens on and connects from, where Exim listens, and the clients
use constant { FRONT => '127.0.1.1', PROXY => '127.0.0.1', EXIM => '127.0.2.1', CLIENT => '127.0.0.10' };

# The names of tests begin with what they are about.
our $about = '';
for my $check (qw(ok is like unlike)) {
  no strict 'refs';
  *$check = sub { my $name = pop; local $Test::Builder::Level = $Test::Builder::Level + 1; return &{"Test::More::$check"}(@_, "$about: $name") };
}
sub about {
  (local $about, my $code) = @_;
  eval { $code->(); 1 } or Test::More::fail("$about: $@");
  return;
}

# What is logged of each session, at EHLO
my @names = qw(authority unique_id ssl_version ssl_verify ssl_cn ssl_cipher ssl_sig_alg ssl_key_alg 0x03);

find_tool('openssl') // plan(skip_all => 'no openssl here: run scripts/setup test');
eval { require Net::SSLeay } or plan(skip_all => 'no Net::SSLeay here: run scripts/setup test');

# The text's indented lines from the one that is this comment, with something else in the place of what must be in them
sub documented {
  my ($comment, %by) = @_;
  my ($text) = contents("$FindBin::RealBin/../../doc-txt/guide/tls-at-the-proxy.md") =~ /^(    # \Q$comment\E\b.*\n(?:\n|    .*\n)*)/m or die "there is no '# $comment' in the text\n";
  $text =~ s/^    //gm;
  for my $old (sort { length $b <=> length $a } keys %by) { $text =~ s/(?<![\w.])\Q$old\E(?![\w.])/$by{$old}/g or die "the text does not have $old any more\n" }
  return $text;
}

# --- certificates: those of the clients are by one authority, but for "self", and valid, but for "expired" ----------------

my @new = qw(req -newkey rsa:2048 -nodes);
my %subject = (partner => 'mx.partner.example', other => 'other.partner.example', self => 'mx.partner.example',
  expired => 'backup.example.com', forged => "mx\n1999-03-02 09:44:33 x <= root\@forged.example");
sub openssl { run_quietly('openssl', 'openssl', @_); return }

openssl(@new, qw(-x509 -sha256 -days 2 -subj /CN=mail.example.com), '-keyout', file('mail.key'), '-out', file('mail'));
write_file(file('mail.pem'), contents(file('mail')) . contents(file('mail.key')));
openssl(@new, qw(-x509 -days 2), '-subj', '/CN=An Authority', '-keyout', file('ca.key'), '-out', file('clients.pem'));
for my $who (sort keys %subject) {
  my @files = ('-keyout', file("$who.key"), '-subj', "/CN=$subject{$who}");
  if ($who eq 'self') { openssl(@new, qw(-x509 -days 2), @files, '-out', file($who)); next }
  openssl(@new, @files, '-out', file('request'));
  openssl(qw(x509 -req -CAcreateserial -days), $who eq 'expired' ? -1 : 2, '-in', file('request'), '-CA', file('clients.pem'), '-CAkey', file('ca.key'), '-out', file($who));
}

# --- Exim and HAProxy -----------------------------------------------------------------

my $exim = Test::Exim->new('exim', addresses => [EXIM], certificate => 1, main => <<'END', rest => documented('Exim', '192.0.2.11' => PROXY) . <<"END2" . MAILBOX . <<'END3');
print_topbitchars = true
domainlist local_domains = local.example
acl_smtp_helo = values
END

values:
  accept logwrite = @{[join ' ', map { "$_ <\$proxy_tlv_$_>" } @names]}
END2
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{user}}{eq{$auth3}{secret}}}}
  server_set_id = $auth2
END3
$exim->start_daemon->ready;

my %front;
@front{qw(smtp submissions)} = free_ports(2);
my $proxy = Test::HAProxy->new('haproxy', "    log stdout format raw local0\n" . documented('HAProxy', '192.0.2.10:25' => FRONT . ":$front{smtp}",
  '192.0.2.10:465' => FRONT . ":$front{submissions}", '192.0.2.21:25' => EXIM . ":$exim->{ports}[0]",
  '/etc/haproxy/mail.pem' => file('mail.pem'), '/etc/haproxy/clients.pem' => file('clients.pem')));

# --- sessions, one after another --------------------------------------------------------

# A session up to the response to EHLO, without TLS if there are no options for it
my $ehlos = 0;
sub session {
  my ($front, $tls) = @_;
  my $c = Test::SMTP->connect(to => FRONT, port => $front{$front}, from => CLIENT);
  $c->{handshake} = $c->tls(%$tls) if $tls;
  $c->{banner} = $c->expect('the banner', qr/^220/);
  ehlo($c);
  my @logged;
  within(sub { @logged = $exim->log =~ /^\S+ \S+ (authority <.*)$/mg; @logged == $ehlos }) or die "Exim did not log the values\n";
  $c->{value} = { map { $_ => $logged[-1] =~ /(?:^| )\Q$_\E <(.*?)>(?= \w+ <|$)/ ? $1 : undef } @names };
  return $c;
}

sub ehlo { my ($c) = @_; $ehlos++; $c->{offers} = $c->command('EHLO client.example', qr/^250/); return }
sub authenticate { my ($c) = @_; return $c->command('AUTH PLAIN ' . encode_base64("\0user\0secret", ''), qr/^/) }
sub recipient { my ($c, $address) = @_; $c->command('RSET', qr/^250/); $c->command('MAIL FROM:<sender@example.net>', qr/^250/); return $c->command("RCPT TO:<$address>", qr/^/) }

# A message, the end of the session, and the ids in all logs
sub identified {
  my ($c, $front) = @_;
  my $id = $c->{value}{unique_id};
  like($id, qr/\A[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\z/, 'the id is of HAProxy\'s kind');
  $c->command('RSET', qr/^250/);
  my $message = $c->message('sender@example.net', 'user@local.example');
  $c->quit;
  my $client = CLIENT . ":$c->{sport}";
  my $logged;
  within(sub { ($logged) = $proxy->said =~ /^(?:<\d+>)?(\Q$client\E .*)$/m });
  like($logged, qr/\A\Q$client $front\E~? \Q$id\E\z/, 'HAProxy\'s log has the same id');
  my $log = $exim->log;
  like($log, qr/^\S+ \S+ \[\Q${\CLIENT}\E\] has id \Q$id\E$/m, 'Exim\'s log has it for the connection');
  like($log, qr/^\S+ \S+ \Q$message\E id \Q$id\E$/m, 'Exim\'s log has it for the message');
  like($log, qr/^\S+ \S+ \Q$message\E <= .* \[\Q${\CLIENT}\E\] P=\S+ (?:A=\S+ )?PRX=\Q${\PROXY}\E /m, 'Exim\'s log has the client and the proxy');
  return;
}

about('without TLS', sub {
  my $c = session('smtp');
  like($c->{banner}, qr/\A220 mx\.example\.com /, 'the banner is for no server name');
  unlike($c->{offers}, qr/^250.AUTH/m, 'AUTH is not advertised');
  like(authenticate($c), qr/\A503 /, 'AUTH is refused');
  like($c->{offers}, qr/^250.STARTTLS$/m, 'STARTTLS is advertised');
  is($c->{value}{$_}, '', "$_ is empty") for grep { /ssl|authority/ } @names;
  like($c->{value}{'0x03'}, qr/\A[\da-f]{8}\z/, 'there is a CRC32C');
  like(recipient($c, 'user@elsewhere.example'), qr/\A550 relay not permitted/, 'relaying is refused');
  identified($c, 'smtp');
  $c = session('smtp');
  $c->command('STARTTLS', qr/^220/);
  $c->tls;
  ehlo($c);
  like($c->{offers}, qr/^250.AUTH PLAIN$/m, 'AUTH is advertised in TLS with Exim itself');
  $c->quit;
});

about('with TLS', sub {
  my $c = session('submissions', {});
  my $v = $c->{value};
  like($c->{banner}, qr/\A220 mx\.example\.com /, 'the banner is for no server name');
  like($c->{offers}, qr/^250.AUTH PLAIN$/m, 'AUTH is advertised');
  unlike($c->{offers}, qr/^250.STARTTLS/m, 'STARTTLS is not advertised');
  is($v->{ssl_version}, $c->{handshake}->version, 'ssl_version is the client\'s');
  is($v->{ssl_cipher}, $c->{handshake}->cipher, 'ssl_cipher is the client\'s');
  is($v->{ssl_key_alg}, 'RSA2048', 'ssl_key_alg is that of HAProxy\'s certificate');
  is($v->{ssl_sig_alg}, 'RSA-SHA256', 'ssl_sig_alg is that of HAProxy\'s certificate');
  is($v->{$_}, '', "$_ is empty without a name and a certificate") for qw(authority ssl_verify ssl_cn);
  like($v->{'0x03'}, qr/\A[\da-f]{8}\z/, 'there is a CRC32C');
  like(recipient($c, 'user@elsewhere.example'), qr/\A550 relay not permitted/, 'relaying is refused');
  $c->command('RSET', qr/^250/);
  like(authenticate($c), qr/\A235 /, 'AUTH works');
  like(recipient($c, 'user@elsewhere.example'), qr/\A250 /, 'relaying is permitted after AUTH');
  identified($c, 'submissions');
  $c = session('submissions', { version => Net::SSLeay::TLS1_2_VERSION() });
  is($c->{value}{ssl_version}, 'TLSv1.2', 'ssl_version is that of TLS 1.2');
  is($c->{value}{ssl_cipher}, $c->{handshake}->cipher, 'ssl_cipher is the client\'s in TLS 1.2');
  $c->quit;
});

for my $name ('submit.example.com', 'Submit.Example.COM') {
  about("server name $name", sub {
    my $c = session('submissions', { name => $name });
    is(lc $c->{value}{authority}, lc $name, 'authority is the name');
    like($c->{banner}, qr/\A220 submit\.example\.com /, 'the banner is the one for submission');
    like(recipient($c, 'user@local.example'), qr/\A550 authentication required/, 'nothing is taken without AUTH');
    $c->command('RSET', qr/^250/);
    authenticate($c);
    like(recipient($c, 'user@elsewhere.example'), qr/\A250 /, 'all is taken with AUTH');
    $c->quit;
  });
}
about('another server name', sub {
  my $c = session('submissions', { name => 'mx.example.com' });
  is($c->{value}{authority}, 'mx.example.com', 'authority is the name');
  like($c->{banner}, qr/\A220 mx\.example\.com /, 'the banner is the ordinary one');
  like(recipient($c, 'user@local.example'), qr/\A250 /, 'mail for here is taken without AUTH');
  $c->quit;
});

my $refused = qr/\A550 relay not permitted/;
my @certificate = (    # who, CN, result, relaying
  [partner => 'mx.partner.example', qr/\Aok\z/, qr/\A250 /],
  [other   => 'other.partner.example', qr/\Aok\z/, $refused],
  [self    => 'mx.partner.example', qr/\Afailed (?:18|19|20|21)\z/, $refused],
  [expired => 'backup.example.com', qr/\Afailed 10\z/, $refused],
  [forged  => 'mx\0121999-03-02 09:44:33 x <= root@forged.example', qr/\Aok\z/, $refused],
);
sub certified {
  my ($c, $cn, $verify, $relaying) = @_;
  is($c->{value}{ssl_cn}, $cn, 'ssl_cn is that of the certificate');
  like($c->{value}{ssl_verify}, $verify, 'ssl_verify is the result');
  like(recipient($c, 'user@elsewhere.example'), $relaying, 'relaying is as for it');
  $c->quit;
  return;
}
for (@certificate) {
  my ($who, @is) = @$_;
  my %tls = (certificate => file($who), key => file("$who.key"));
  about("certificate: $who", sub { certified(session('submissions', \%tls), @is) });
  next if $who !~ /partner|self/;
  # A resumed session has the certificate of the one that it goes on with, and the result.
  about("resumed session: $who", sub {
    my $first = session('submissions', { %tls, version => Net::SSLeay::TLS1_2_VERSION() });
    my $session = $first->{handshake}->session;
    $first->quit;
    my $c = session('submissions', { version => Net::SSLeay::TLS1_2_VERSION(), session => $session });
    ok($c->{handshake}->resumed, 'it is one');
    certified($c, @is);
  });
}
$about = 'certificates';
is(scalar(() = $exim->log =~ /relaying for mx\.partner\.example$/gm), 2, 'relaying is logged each time');
unlike($exim->log, qr/^1999/m, 'nothing is forged in the log');
Test::Exim::all_well();
done_testing();
