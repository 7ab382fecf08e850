# SPDX-License-Identifier: GPL-2.0-or-later
package Features::Auth;

# AUTH, where who may depends on the client's address.

use strict;
use warnings;
use Digest::MD5 qw(md5);
use MIME::Base64 qw(encode_base64 decode_base64);
use Features;

my $good = '${if eq{$sender_host_address}{198.51.100.7}}';

sub base64 { return encode_base64($_[0], '') }

# An Exim with an authenticator, that takes mail from those alone who use it.
sub server { my ($authenticator, %part) = @_; return exim(panics => $part{panics}, main => "acl_smtp_rcpt = rcpt\n" . ($part{main} // ''), acl => <<'END', authenticators => $authenticator) }
rcpt:
  deny   !authenticated = *
         message = no AUTH
  accept logwrite = authenticated $sender_host_authenticated $authenticated_id at $sender_host_address
END

# PLAIN, by both clients.
sub plain {
  my ($authenticator, %part) = @_;
  my $e = server("plain:\n  public_name = PLAIN\n$authenticator", %part);
  my $auth = 'AUTH PLAIN ' . base64("\0user\0secret");
  my $s = client($e, GOOD);
  like('good client: AUTH is offered', $s->{ehlo}, qr/^250.AUTH PLAIN$/m);
  like('good client: AUTH', reply($s, $auth), qr/\A235 /);
  accepted('good client: mail', $e, $s);
  like('bad client: AUTH', reply(client($e, BAD), $auth), $part{bad} // qr/\A535 /);
  like('the log', logged($e, qr/authenticated plain/), qr/ at 198\.51\.100\.7$/);
  return;
}

feature 'auth-plaintext', ['authenticator plaintext'], sub {
  plain(<<'END');
  driver = plaintext
  server_prompts = :
  server_condition = ${if and{{eq{$auth3}{secret}}{eq{$sender_host_address}{198.51.100.7}}}}
  server_set_id = $auth2
END
  return;
};

feature 'auth-hosts', ['authenticator plaintext'], sub {
  my $e = server(<<'END', main => "auth_advertise_hosts = 198.51.100.7\n");
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = yes
END
  like('offered to the good client', client($e, GOOD)->{ehlo}, qr/^250.AUTH/m);
  my $s = client($e, BAD);
  like('not to the bad one', $s->{ehlo}, qr/\A(?!.*^250.AUTH)/ms);
  like('who may not try', reply($s, 'AUTH PLAIN ' . base64("\0user\0secret")), qr/\A503 /);
  return;
};

feature 'crypteq', ['support crypteq', 'authenticator plaintext'], sub {
  my $hash = crypt 'secret', '$5$salt$';
  plain(<<"END" =~ s/HASH/$hash/r);
  driver = plaintext
  server_prompts = :
  server_condition = \${if and{{eq{\$sender_host_address}{198.51.100.7}}{crypteq{\$auth3}{\\NHASH\\N}}}}
END
  return;
};

feature 'auth-cram-md5', ['authenticator cram_md5'], sub {
  my $e = server("cram:\n  driver = cram_md5\n  public_name = CRAM-MD5\n  server_secret = \${if eq{\$sender_host_address}{198.51.100.7}{secret}{another}}\n  server_set_id = \$auth1\n");
  for ([GOOD, qr/\A235 /], [BAD, qr/\A535 /]) {
    my ($address, $want) = @$_;
    my $s = client($e, $address);
    my ($challenge) = reply($s, 'AUTH CRAM-MD5') =~ /\A334 (.*)/ or die "no challenge\n";
    my $key = 'secret' . "\0" x 58;
    my $digest = unpack 'H*', md5(($key ^ "\x5c" x 64) . md5(($key ^ "\x36" x 64) . decode_base64($challenge)));
    like("$address", reply($s, base64("user $digest")), $want);
  }
  return;
};

# The other end is an Exim too, the same one: it has the mail from an address of no proxy, and sends it by a proxy which says
# that it is this client. Returns the line of the log for the mail's delivery.
sub by_exim {
  my ($driver, $client, $server) = @_;
  my $place = address(5) . ':' . port();
  for my $address (GOOD, BAD) {
    my $routers = routers(address(5), 'domains = away.example', 'self = send', 'condition = ${if eq{$sender_host_address}{' . address(3) . '}}');
    my $e = exim(main => "acl_smtp_rcpt = rcpt\n", acl => <<"END", routers => $routers, transports => <<"END2", authenticators => <<"END3");
rcpt:
  accept hosts = @{[address(3)]}
  deny   !authenticated = *
         message = no AUTH
  accept logwrite = authenticated \$sender_host_authenticated \$authenticated_id at \$sender_host_address
END
out:
  driver = smtp
  port = @{[$place =~ s/.*://r]}
  hosts_require_auth = *
END2
test:
  driver = $driver
$client$server
END3
    my $pid = stub("relay-$address", 'relay', $place, address(1), $e->{address}, $e->{port}, "PROXY TCP4 $address 203.0.113.25 56324 25");
    like("$address: first taken", message($e, direct($e), to => ['user@away.example']), qr/\A250 /);
    if ($address eq GOOD) { like("$address: AUTH", logged($e, qr/authenticated /), qr/authenticated test \w+ at 198\.51\.100\.7$/) }
    else { like("$address: no AUTH", logged($e, qr/(?:==|\*\*) user\@away/), qr/[Aa]uthenticat/) }
    stop($pid, 'TERM');
  }
  return;
}

feature 'auth-spa', ['authenticator spa'], sub {
  by_exim('spa', <<'END', <<'END2');
  public_name = NTLM
  client_username = user
  client_password = secret
END
  server_password = ${if eq{$sender_host_address}{198.51.100.7}{secret}{another}}
  server_set_id = $auth1
END2
  return;
};

feature 'auth-gsasl', ['authenticator gsasl'], sub {
  plain("  driver = gsasl\n  server_condition = \${if and{{eq{\$auth3}{secret}}{eq{\$sender_host_address}{198.51.100.7}}}}\n  server_set_id = \$auth1\n");
  by_exim('gsasl', <<'END', <<'END2');
  public_name = SCRAM-SHA-1
  client_username = user
  client_password = secret
END
  server_password = ${if eq{$sender_host_address}{198.51.100.7}{secret}{another}}
  server_condition = yes
  server_set_id = $auth1
END2
  return;
};

feature 'auth-cyrus-sasl', ['authenticator cyrus_sasl'], sub {
  skip_without('no anonymous mechanism: run scripts/setup full') if not grep { -e } map { glob "/usr/lib/$_/sasl2/libanonymous.so*" } '', '*';
  my $e = server("anonymous:\n  driver = cyrus_sasl\n  public_name = ANONYMOUS\n  server_condition = $good\n  server_set_id = \$auth1\n");
  like('good client', reply(client($e, GOOD), 'AUTH ANONYMOUS ' . base64('me@client.example')), qr/\A235 /);
  like('bad client', reply(client($e, BAD), 'AUTH ANONYMOUS ' . base64('me@client.example')), qr/\A535 /);
  return;
};

feature 'auth-dovecot', ['authenticator dovecot'], sub {
  my $pid = stub('dovecot', 'dovecot', file('dovecot'));
  plain("  driver = dovecot\n  server_socket = @{[file('dovecot')]}\n  server_set_id = \$auth1\n");
  like('the auth server has the client', got('dovecot', qr/100\.77/), qr/rip=198\.51\.100\.77/);
  check('and this server, not the proxy', got('dovecot') =~ /lip=\Q@{[address(2)]}\E/ && got('dovecot') !~ /\Q@{[address(1)]}\E/, got('dovecot'));
  stop($pid, 'TERM');
  return;
};

# Without a Kerberos server: it is offered by the client's address, and refuses what is no ticket.
feature 'auth-heimdal', ['authenticator heimdal_gssapi'], sub {
  my $e = server("gssapi:\n  driver = heimdal_gssapi\n  public_name = GSSAPI\n  server_advertise_condition = $good\n  server_hostname = mx.example\n",
    panics => qr/.*(?:heimdal|gssapi|GSS).*\n/i);
  my $s = client($e, GOOD);
  like('offered to the good client', $s->{ehlo}, qr/^250.AUTH GSSAPI$/m);
  like('no ticket', reply($s, 'AUTH GSSAPI ' . base64('no ticket')), qr/\A[45]\d\d /);
  like('not offered to the bad one', client($e, BAD)->{ehlo}, qr/\A(?!.*^250.AUTH)/ms);
  return;
};

# What asks the system about a password: only for one client, so that the answer, no, is seen for the other.
sub condition { my ($condition, $bad) = @_; return plain(<<"END", bad => $bad, panics => qr/.*\n/) }
  driver = plaintext
  server_prompts = :
  server_condition = \${if or{{eq{\$sender_host_address}{198.51.100.7}}{$condition}}}
END

feature 'pam', ['support PAM'], sub { condition('pam{no.such.user:secret}', qr/\A535 /); return };
feature 'saslauthd', [], sub {
  my $said = run_exim(exim(), '-be', '${if saslauthd{{no.such.user}{secret}}{yes}{no}}');
  skip_without('the binary has no saslauthd') if $said =~ /not compiled|not supported/i;
  condition('saslauthd{{no.such.user}{secret}}', qr/\A(?:435|535) /);
  return;
};
feature 'pwcheck', ['support pwcheck'], sub { condition('pwcheck{no.such.user:secret}', qr/\A(?:435|535) /); return };

# By the client's certificate, after STARTTLS.
sub certified {
  my ($authenticator) = @_;
  my ($here, $there) = map { certificate($_) } 'mx.example', 'friend.example';
  my $e = server($authenticator, main => <<"END");
tls_certificate = $here->{cert}
tls_privatekey = $here->{key}
tls_verify_certificates = $here->{ca}
tls_try_verify_hosts = *
END
  my %session;
  for my $address (GOOD, BAD) {
    my $s = $session{$address} = client($e, $address);
    like("$address: STARTTLS", reply($s, 'STARTTLS'), qr/\A220 /);
    smtp_secure($s, SSL_cert_file => $there->{cert}, SSL_key_file => $there->{key});
    helo($s);
  }
  return ($e, @session{ GOOD, BAD });
}

feature 'auth-external', ['authenticator external'], sub {
  my ($e, $friend, $other) = certified(<<'END');
external:
  driver = external
  public_name = EXTERNAL
  server_param2 = ${certextract {subj_altname,dns,>:}{$tls_in_peercert}}
  server_condition = ${if and{{eq{$auth2}{friend.example}}{eq{$sender_host_address}{198.51.100.7}}}}
  server_set_id = $auth2
END
  like('good client', reply($friend, 'AUTH EXTERNAL ' . base64('friend')), qr/\A235 /);
  like('bad client', reply($other, 'AUTH EXTERNAL ' . base64('friend')), qr/\A535 /);
  return;
};

feature 'auth-tls', ['authenticator tls'], sub {
  my ($e, $friend, $other) = certified(<<'END');
tls:
  driver = tls
  server_param1 = ${certextract {subj_altname,dns,>:}{$tls_in_peercert}}
  server_condition = ${if and{{eq{$auth1}{friend.example}}{eq{$sender_host_address}{198.51.100.7}}}}
  server_set_id = $auth1
END
  accepted('good client', $e, $friend);
  is('bad client', recipient($e, $other), '550 no AUTH');
  return;
};

1;
