"""An authority made for one test run, and what it signs: for servers that speak TLS."""
import datetime
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """`file`: its own certificate, for those who are to believe it."""

    def __init__(self, folder: Path, name: str = "An authority for tests"):
        self.folder, self.name = folder, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(_pem(self._sign(self.name, self.key, 30, x509.BasicConstraints(True, None))))

    def sign(self, host: str, *, days: int = 30) -> tuple[Path, Path]:
        """(certificate, key) of a server that is called so; negative days: it has run out."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        alternative: x509.GeneralName
        try:
            alternative = x509.IPAddress(ip_address(host))
        except ValueError:
            alternative = x509.DNSName(host)
        made = self._sign(name, key, days, x509.SubjectAlternativeName([alternative]))
        certificate, private = self.folder / f"{host}{days}.pem", self.folder / f"{host}{days}.key"
        certificate.write_bytes(_pem(made))
        private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                              serialization.NoEncryption()))
        return certificate, private

    def _sign(self, subject, key, days, extension):
        now = datetime.datetime.now(datetime.UTC)
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(60))
                .not_valid_after(now + datetime.timedelta(days)).add_extension(extension, critical=False)
                .sign(self.key, hashes.SHA256()))


def _pem(certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
