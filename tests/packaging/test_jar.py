"""Kotlin's package, taken by projects as users do: from a repository, by Maven, into an empty folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest
from build import BIN, ROOT, maven

KOTLIN = ROOT / "kotlin"
XML = {"m": "http://maven.apache.org/POM/4.0.0"}
POM = ElementTree.parse(KOTLIN / "pom.xml").getroot()
VERSION = POM.findtext("m:version", None, XML)
KOTLIN_VERSION = POM.findtext("m:properties/m:kotlin.version", None, XML)
NAME = f"nomkit-{VERSION}"
MOST = 5 << 20
EXAMPLES = {
    "InspectionReportKt": ROOT / "examples/kotlin/InspectionReport.kt",
    "InspectionReport": ROOT / "examples/java/InspectionReport.java",
}


@pytest.fixture(scope="session")
def jar() -> Path:
    """Built by ``make``."""
    return KOTLIN / "target" / f"{NAME}.jar"


@pytest.fixture(scope="session")
def held(jar: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(jar) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture(scope="session")
def library(held: dict[str, bytes]) -> bytes:
    (found,) = (content for name, content in held.items() if name.endswith((".so", ".dylib", ".dll")))
    return found


@pytest.fixture(scope="session")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Consumer:
    return Consumer(tmp_path_factory.mktemp("consumer")).compile(*EXAMPLES.values())


CONSUMER = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>consumer</groupId>
  <artifactId>consumer</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency><groupId>dev.nomkit</groupId><artifactId>nomkit</artifactId><version>{VERSION}</version></dependency>
  </dependencies>
  <build>
    <sourceDirectory>src</sourceDirectory>
    <plugins>
      <plugin>
        <groupId>org.jetbrains.kotlin</groupId>
        <artifactId>kotlin-maven-plugin</artifactId>
        <version>{KOTLIN_VERSION}</version>
        <executions>
          <execution><phase>process-sources</phase><goals><goal>compile</goal></goals></execution>
        </executions>
        <configuration><jvmTarget>17</jvmTarget><args><arg>-Werror</arg></args></configuration>
      </plugin>
    </plugins>
  </build>
</project>
"""
SETTINGS = """<settings>
  <localRepository>{local}</localRepository>
  <profiles>
    <profile>
      <id>consumer</id>
      <repositories>
        <repository><id>released</id><url>file://{released}</url></repository>
        <repository><id>known</id><url>file://{known}</url></repository>
      </repositories>
      <pluginRepositories>
        <pluginRepository><id>known</id><url>file://{known}</url></pluginRepository>
      </pluginRepositories>
    </profile>
  </profiles>
  <activeProfiles><activeProfile>consumer</activeProfile></activeProfiles>
</settings>
"""


class Consumer:
    """A project that asks for the package; its own repository is empty, but what this machine has is near."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        released = folder / "released/dev/nomkit/nomkit" / str(VERSION)
        released.mkdir(parents=True)
        for path in maven().iterdir():
            shutil.copy(path, released)
        self.folder.mkdir()
        known = Path.home() / ".m2/repository"
        places = {"local": folder / "local", "released": folder / "released", "known": known}
        (self.folder / "settings.xml").write_text(SETTINGS.format(**places))
        (self.folder / "pom.xml").write_text(CONSUMER)
        os.symlink(ROOT / "examples", self.folder / "examples")

    def compile(self, *programs: Path) -> Consumer:
        (self.folder / "src").mkdir()
        for program in programs:
            shutil.copy(program, self.folder / "src")
        options = ["--quiet", "--batch-mode", "-Dkotlin.compiler.daemon=false", "--settings", "settings.xml"]
        self._run("mvn", *options, "compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath")
        return self

    def run(self, main: str) -> str:
        classpath = f"target/classes{os.pathsep}{(self.folder / 'classpath').read_text()}"
        return self._run("java", "-cp", classpath, main, NOMKIT_CLI=str(BIN / "nomkit"))

    def dependencies(self) -> set[str]:
        return {Path(path).name for path in (self.folder / "classpath").read_text().split(os.pathsep)}

    def _run(self, *command: str, **given: str) -> str:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("NOMKIT_", "NOMIC_"))}
        done = subprocess.run(command, cwd=self.folder, env={**plain, **given}, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def test_the_jar_is_small_and_has_what_belongs_to_it(jar: Path, held: dict[str, bytes]) -> None:
    print(f"{jar.stat().st_size / 2**20:.1f} MB")
    assert jar.stat().st_size <= MOST
    assert set(held) >= {"META-INF/LICENSE-MIT", "META-INF/LICENSE-APACHE", "META-INF/proguard/nomkit.pro"}
    assert "dev/nomkit/Nomic.class" in held
    foreign = [name for name in held if name.endswith(".class") and not name.startswith("dev/nomkit/")]
    assert foreign == []


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's")
def test_old_systems_can_load_the_library(held: dict[str, bytes], library: bytes) -> None:
    assert "linux-x86-64/libnomkit_uniffi.so" in held
    versions = re.findall(rb"GLIBC_2\.(\d+)", library)
    assert versions
    assert max(map(int, versions)) <= 17


def test_no_machine_is_named(held: dict[str, bytes]) -> None:
    for name, content in held.items():
        assert str(ROOT).encode() not in content, name
        assert str(Path.home()).encode() not in content, name


def test_the_sources_are_there_as_maven_central_wants_them(jar: Path) -> None:
    with zipfile.ZipFile(jar.with_name(f"{NAME}-sources.jar")) as archive:
        names = {Path(name).name for name in archive.namelist()}
    assert names >= {"Nomic.kt", "nomkit.kt", "LICENSE-MIT", "LICENSE-APACHE"}
    for path in ("name", "description", "url", "licenses/m:license/m:url", "developers/m:developer/m:email"):
        assert POM.findtext(f"m:{path}", None, XML), path
    for path in ("connection", "developerConnection", "url"):
        assert POM.findtext(f"m:scm/m:{path}", None, XML), path


def test_a_build_of_the_same_state_is_the_same_file(jar: Path, tmp_path: Path) -> None:
    before = jar.read_bytes()
    shutil.copy(jar, tmp_path)
    jar.unlink()
    command = ["mvn", "--quiet", "--batch-mode", "jar:jar@default-jar"]
    subprocess.run(command, cwd=KOTLIN, check=True, capture_output=True)
    assert jar.read_bytes() == before


@pytest.mark.parametrize("main", EXAMPLES)
def test_the_examples_run_in_a_project_that_takes_it_from_a_repository(main: str, consumer: Consumer) -> None:
    said = consumer.run(main)
    assert "[inspection-report.pdf, p. " in said
    assert "Punch list" in said


def test_it_brings_what_it_needs_and_no_more(consumer: Consumer) -> None:
    needs = {re.sub(r"-\d.*", "", name) for name in consumer.dependencies()}
    assert needs == {"nomkit", "jna", "kotlin-stdlib", "kotlinx-coroutines-core-jvm", "annotations"}
