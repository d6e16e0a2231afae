import Settings
import TaskModel
import Testing

@Suite("Image references")
struct ImageReferenceTests {
    @Test(
        "accepts what engines accept",
        arguments: [
            "debian", "debian:12", "library/debian:12-slim", "mcr.microsoft.com/dotnet/sdk:8.0", "localhost/x",
            "localhost:5000/x:y",
            "127.0.0.1:5000/a/b_c__d-e.f:V1.0", "Registry.Example/x",
            "x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "a/b:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "docker.io/library/acode-test:1", "a--b",
        ])
    func valid(reference: String) { #expect(ImageReference.mistake(in: reference) == nil) }

    @Test(
        "refuses the rest",
        arguments: [
            "", ":", "debian:", "Debian:12", "a//b", "/a", "a/", "a:b:c", "a b", "-a", "a_", "a..b", "a@",
            "a@sha256:12", "a:-x",
            "a___b", "x:y/Z", "http://x/y", "ä", "a\u{0}b",
        ])
    func invalid(reference: String) { #expect(ImageReference.mistake(in: reference) != nil) }

    @Test("says that names are in lower case")
    func lowerCase() {
        #expect(ImageReference.mistake(in: "Debian:12")?.hint == "repository names are in lower case: debian")
    }
}

@Suite("Mount rules")
struct MountRulesTests {
    private var settings: Settings {
        var settings = Settings(state: StateSettings(dir: "/data/acode", runtimeDir: "/run/acode"))
        settings.workers.docker.socket = "/srv/engine/docker.sock"
        settings.workers.docker.allowedMounts = ["/srv/data/", "/home/me/../you"]
        return settings
    }

    @Test(
        "refuses sources that would give the host away",
        arguments: [
            ("/", "/ is the whole host"), ("//", "/ is the whole host"), ("/x/..", "/ is the whole host"),
            ("/proc", "/proc belongs to the kernel"), ("/proc/1", "it lies in /proc"), ("/sys/fs", "it lies in /sys"),
            ("/dev/sda", "it lies in /dev"), ("/run/docker.sock", "gives control of the engine"),
            ("/var/run/docker.sock", "gives control of the engine"), ("/var/run", "contains /run/docker.sock"),
            ("/run", "contains /run/docker.sock"), ("/run/podman", "contains /run/podman/podman.sock"),
            ("/var/lib", "contains /var/lib/docker"), ("/var/lib/docker/volumes", "it lies in /var/lib/docker"),
            ("/srv/engine", "contains /srv/engine/docker.sock"), ("/data/acode/logs", "it lies in /data/acode"),
            ("/data", "contains /data/acode, which holds acode's own state"),
        ])
    func refused(source: String, reason: String) {
        let message = MountRules(settings: settings).mistake(inSource: source)?.message
        #expect(message?.contains(reason) == true, "\(message ?? "accepted")")
    }

    @Test(
        "accepts other sources",
        arguments: ["/host/repo", "/process", "/system", "/home/me", "/data/acode2", "/srv/data", "/var/lib/dockerx"])
    func accepted(source: String) { #expect(MountRules(settings: settings).mistake(inSource: source) == nil) }

    @Test(
        "a task may mount only what is allowed",
        arguments: [
            ("/srv/data", true), ("/srv/data/x", true), ("/srv/data/../data/x", true), ("/home/you/x", true),
            ("/srv/data/../secret", false),
            ("/srv/database", false), ("/home/me", false), ("/etc", false),
        ])
    func tasks(source: String, allowed: Bool) {
        let mistake = MountRules(settings: settings).mistake(inTaskMount: MountSpec(source: source, target: "/x"))
        #expect((mistake == nil) == allowed, "\(mistake?.message ?? "accepted")")
    }

    @Test("nothing is allowed to tasks by default")
    func nothingByDefault() {
        let rules = MountRules(settings: Settings(state: StateSettings(dir: "/a", runtimeDir: "/b")))
        #expect(rules.mistake(inTaskMount: MountSpec(source: "/x", target: "/x")) != nil)
    }

    @Test(
        "a target must not cover what the container needs",
        arguments: [
            ("/", false), ("/proc/x", false), ("/run", false), ("/run/acode/x", false), ("/run/secrets", false),
            ("/dev/shm", false),
            ("/workspace", true), ("/run/mine", true),
        ])
    func targets(target: String, allowed: Bool) { #expect((MountRules.mistake(inTarget: target) == nil) == allowed) }
}
