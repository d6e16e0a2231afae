import Foundation
import HTTPTransport
import Testing

@testable import ContainerEngine

struct WireTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-21T04:54:20.25Z", 1_795_236_860.25),
            ("2026-11-21T06:54:20+02:00", 1_795_236_860), ("2026-11-21T04:54:20.123456789Z", 1_795_236_860.123456789),
            ("2024-02-29T12:00:00Z", 1_709_208_000), ("0001-01-01T00:00:00Z", nil), ("", nil),
            ("2026-13-01T00:00:00Z", nil),
            ("2026-11-21T04:54:20", nil), ("2026-11-21T04:54:20Zx", nil),
        ] as [(String, Double?)])
    func timesAreRead(text: String, seconds: Double?) {
        let date = EngineTime.date(text)?.timeIntervalSince1970
        #expect((date == nil) == (seconds == nil))
        if let date, let seconds { #expect(abs(date - seconds) < 0.000_01) }
    }

    @Test func timesAreWrittenAsSecondsAndNanoseconds() {
        #expect(EngineTime.query(Date(timeIntervalSince1970: 1_795_236_860.25)) == "1795236860.250000000")
        #expect(EngineTime.query(Date(timeIntervalSince1970: 0)) == "0.000000000")
    }

    @Test(arguments: [
        ("created", ContainerStatus.created), ("configured", .created), ("initialized", .created),
        ("running", .running),
        ("stopping", .stopping), ("stopped", .exited), ("exited", .exited), ("dead", .dead),
        ("Restarting", .restarting),
        ("new word", .unknown), ("", .unknown),
    ])
    func statesOfBothEnginesAreKnown(word: String, status: ContainerStatus) {
        #expect(ContainerStatus(engineWord: word) == status)
    }

    @Test(arguments: [
        ("a", "a:latest"), ("a:1", "a:1"), ("host:5000/a", "host:5000/a:latest"), ("host:5000/a:1", "host:5000/a:1"),
        ("a@sha256:00", "a@sha256:00"), ("sha256:00", "sha256:00"),
    ])
    func referencesGetATag(reference: String, tagged: String) {
        #expect(ImageReference.tagged(reference) == tagged)
    }

    @Test func queriesAreEncoded() {
        var request = EngineRequest(.listContainers, .get, "/containers/json")
        request.addFilters(["label": ["k=v w"]])
        #expect(
            request.http(prefix: "/v1.41").target
                == "/v1.41/containers/json?filters=%7B%22label%22%3A%5B%22k%3Dv%20w%22%5D%7D")
        #expect("a/b:c@d ü".percentEncoded(keeping: "/:@") == "a/b:c@d%20%C3%BC")
    }

    @Test func credentialsAreEncodedWithPaddingAndNeverPrinted() {
        let auth = RegistryAuth(username: "bob", password: "s3cret~~??>>")
        let header = auth.header
        #expect(header.count % 4 == 0 && !header.contains("+") && !header.contains("/"))
        let plain = header.replacing("-", with: "+").replacing("_", with: "/")
        let decoded = Data(base64Encoded: plain).map { String(decoding: $0, as: UTF8.self) } ?? ""
        #expect(decoded.contains("s3cret~~??>>"))
        var dumped = ""
        dump(auth, to: &dumped)
        #expect(!"\(auth) \(String(reflecting: auth)) \(dumped)".contains("s3cret"))
    }

    @Test(
        arguments: [
            (
                #"{"Type":"container","Action":"die","Actor":{"ID":"1","Attributes":{"exitCode":"3"}},"timeNano":5}"#,
                "die",
                nil, 3
            ),
            (
                #"{"Type":"container","Action":"die","Actor":{"ID":"1","Attributes":{"containerExitCode":"4"}},"time":1}"#,
                "die", nil, 4
            ),
            (
                #"{"status":"health_status: healthy","Action":"health_status: healthy","id":"1"}"#, "health_status",
                "healthy", nil
            ),
            (#"{"Action":"health_status","HealthStatus":"unhealthy","id":"1"}"#, "health_status", "unhealthy", nil),
            (#"{"status":"oom","id":"1"}"#, "oom", nil, nil),
        ] as [(String, String, String?, Int32?)])
    func eventsOfBothEnginesAreRead(json: String, action: String, detail: String?, exitCode: Int32?) throws {
        let event = try JSONDecoder().decode(EngineEvent.self, from: Data(json.utf8))
        #expect(event.action == action && event.detail == detail && event.exitCode == exitCode && event.id == "1")
    }

    @Test func infoTellsWhereLimitsAreDropped() throws {
        func info(_ json: String) throws -> EngineInfo {
            try JSONDecoder().decode(EngineInfo.self, from: Data(json.utf8))
        }
        #expect(try info(#"{"Rootless":true,"CgroupVersion":"1"}"#).dropsLimitsSilently)
        #expect(try !info(#"{"Rootless":true,"CgroupVersion":"2"}"#).dropsLimitsSilently)
        #expect(try info(#"{"SecurityOptions":["name=rootless"]}"#).rootless)
        #expect(try info(#"{"BuildahVersion":"1"}"#).liveRestoreEnabled)
        #expect(try !info(#"{"LiveRestoreEnabled":false}"#).liveRestoreEnabled)
    }
}
