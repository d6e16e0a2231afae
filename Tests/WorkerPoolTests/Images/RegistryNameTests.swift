import Testing

@testable import WorkerPool

@Suite("Registries of references")
struct RegistryNameTests {
    @Test(arguments: [
        ("debian", "docker.io", "debian"), ("debian:12", "docker.io", "debian"), ("a/b", "docker.io", "a/b"),
        ("docker.io/library/debian:12", "docker.io", "library/debian"),
        ("index.docker.io/a/b", "docker.io", "a/b"), ("localhost/a:1", "localhost", "a"),
        ("Registry.Example.com:5000/a/b:1", "registry.example.com:5000", "a/b"),
        ("mcr.microsoft.com/dotnet/sdk@sha256:00ff", "mcr.microsoft.com", "dotnet/sdk"),
        ("r.example/a:1@sha256:00ff", "r.example", "a"), ("127.0.0.1:5000/t", "127.0.0.1:5000", "t"),
    ])
    func parts(reference: String, host: String, repository: String) {
        let name = RegistryName(of: reference)
        #expect(name.host == host)
        #expect(name.repository == repository)
    }

    @Test func keysBeginWithTheClosest() {
        #expect(RegistryName(of: "r.example/a/b:1").keys == ["r.example/a/b", "r.example/a", "r.example"])
    }

    @Test(arguments: [
        ("https://index.docker.io/v1/", "docker.io"), ("http://R.example:5000/v2/", "r.example:5000"),
        ("r.example/a/b", "r.example/a/b"), ("https://r.example", "r.example"), ("", ""),
    ])
    func keysOfFilesAreOneForm(key: String, normalized: String) {
        #expect(RegistryName.normalized(key) == normalized)
    }

    @Test func helpersKnowDockerHubByItsOldAddress() {
        #expect(RegistryName(of: "debian").serverAddress == "https://index.docker.io/v1/")
        #expect(RegistryName(of: "r.example/a").serverAddress == "r.example")
    }
}
