import HTTPTransport
import Testing

@testable import ContainerEngine

struct PingAnswerTests {
    private func answer(_ headers: HTTPHeaders, status: Int = 200) throws(PingAnswer.Problem) -> EngineIdentity {
        try PingAnswer(HTTPResponse(head: HTTPResponseHead(status: status, headers: headers), body: [])).identity
    }

    @Test func dockerIsKnownByItsServerHeader() throws {
        let identity = try answer(["Api-Version": "1.41", "Server": "Docker/20.10.24+dfsg1 (linux)"])
        #expect(identity == EngineIdentity(kind: .docker, version: "20.10.24+dfsg1", apiVersion: "1.41"))
        #expect(identity.majorVersion == 20)
    }

    @Test func podmanIsKnownByItsOwnVersionHeader() throws {
        let identity = try answer([
            "Api-Version": "1.41", "Libpod-Api-Version": "4.3.1", "Server": "Libpod/4.3.1 (linux)",
        ])
        #expect(identity == EngineIdentity(kind: .podman, version: "4.3.1", apiVersion: "1.41"))
    }

    @Test(arguments: [("1.41", "1.41"), ("1.44", "1.44"), ("1.51", "1.51"), ("1.99", "1.51"), ("2.0", "1.51")])
    func theLesserVersionIsSpoken(theirs: String, agreed: String) throws {
        #expect(try answer(["Api-Version": theirs]).apiVersion == agreed)
    }

    @Test func whatIsNoEngineOrTooOldIsToldApart() {
        #expect(throws: PingAnswer.Problem.tooOld("1.40")) { try answer(["Api-Version": "1.40"]) }
        #expect(throws: PingAnswer.Problem.notAnEngine("its answer to /_ping names no API version")) { try answer([:]) }
        #expect(throws: PingAnswer.Problem.notAnEngine("it answers /_ping with status 404")) {
            try answer(["Api-Version": "1.41"], status: 404)
        }
    }
}
