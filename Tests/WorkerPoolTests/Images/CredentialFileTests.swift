import ContainerEngine
import Foundation
import Testing

@testable import WorkerPool

@Suite("Files with credentials")
struct CredentialFileTests {
    private static let bob = RegistryAuth(username: "bob", password: "pa:ss")

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    private func entry(_ json: String, _ reference: String = "r.example/a/b:1") throws -> CredentialFile.Entry? {
        try CredentialFile(Data(json.utf8)).entry(for: RegistryName(of: reference))
    }

    @Test func theEncodedFormHoldsBoth() throws {
        let auth = Self.base64("bob:pa:ss")
        #expect(try entry(#"{"auths": {"r.example": {"auth": "\#(auth)"}}}"#) == .login(Self.bob))
        #expect(try entry(#"{"auths": {"https://r.example/v2/": {"auth": "\#(auth)"}}}"#) == .login(Self.bob))
        #expect(try entry(#"{"auths": {"other.example": {"auth": "\#(auth)"}}}"#) == nil)
    }

    @Test func nameAndPasswordMayStandApart() throws {
        #expect(
            try entry(#"{"auths": {"r.example": {"username": "bob", "password": "pa:ss"}}}"#) == .login(Self.bob))
    }

    @Test func aTokenComesBeforeAPassword() throws {
        let json = #"{"auths": {"r.example": {"auth": "\#(Self.base64("bob:"))", "identitytoken": "t0"}}}"#
        #expect(try entry(json) == .login(RegistryAuth(username: "bob", proof: .identityToken("t0"))))
    }

    @Test func dockerHubHasAnOldName() throws {
        let json = #"{"auths": {"https://index.docker.io/v1/": {"username": "bob", "password": "pa:ss"}}}"#
        #expect(try entry(json, "debian:12") == .login(Self.bob))
    }

    @Test func theClosestPartOfARegistryWins() throws {
        let json = """
            {"auths": {"r.example": {"username": "x", "password": "y"},
                       "r.example/a": {"username": "bob", "password": "pa:ss"}}}
            """
        #expect(try entry(json) == .login(Self.bob))
    }

    @Test func helpersComeFirst() throws {
        #expect(try entry(#"{"credsStore": "pass"}"#) == .helper("pass", otherwise: nil))
        #expect(
            try entry(#"{"credsStore": "pass", "credHelpers": {"r.example": "gcr"}}"#)
                == .helper("gcr", otherwise: nil))
        let json = #"{"credsStore": "pass", "auths": {"r.example": {"username": "bob", "password": "pa:ss"}}}"#
        #expect(try entry(json) == .helper("pass", otherwise: Self.bob))
        #expect(try entry(#"{"credsStore": "pass", "credHelpers": {"r.example": ""}}"#) == nil)
    }

    @Test(arguments: [#"{}"#, #"{"auths": {}}"#, #"{"auths": {"r.example": {}}}"#, #"{"HttpHeaders": {"a": "b"}}"#])
    func nothingIsNothing(json: String) throws { #expect(try entry(json) == nil) }

    @Test(arguments: ["", "[]", #"{"auths": 1}"#, #"{"auths": {"r.example": {"auth": "#])
    func whatIsBrokenIsAnError(json: String) { #expect(throws: (any Error).self) { try entry(json) } }

    @Test func printingCredentialsShowsNoSecret() {
        for auth in [Self.bob, RegistryAuth(username: "", proof: .identityToken("pa:ss"))] {
            var dumped = ""
            dump(auth, to: &dumped)
            for text in ["\(auth)", String(reflecting: auth), dumped] { #expect(!text.contains("pa:ss")) }
        }
    }

    @Test func filesAreLookedForWhereTheirProgramsPutThem() {
        #expect(
            RegistryCredentials.places(environment: ["HOME": "/h"], userID: 7) == [
                "/h/.docker/config.json", "/run/containers/7/auth.json", "/h/.config/containers/auth.json",
            ])
        let all = ["HOME": "/h", "DOCKER_CONFIG": "/d", "REGISTRY_AUTH_FILE": "/f", "XDG_RUNTIME_DIR": "/x"]
        #expect(
            RegistryCredentials.places(environment: all, userID: 7) == [
                "/d/config.json", "/f", "/x/containers/auth.json", "/h/.config/containers/auth.json",
            ])
    }

    @Test func aHelpersAnswer() throws {
        func decode(_ text: String) throws -> RegistryAuth { try CredentialHelper.decode(Array(text.utf8), "p") }
        #expect(try decode(#"{"ServerURL": "r", "Username": "bob", "Secret": "pa:ss"}"#) == Self.bob)
        #expect(
            try decode(#"{"Username": "<token>", "Secret": "t"}"#)
                == RegistryAuth(username: "", proof: .identityToken("t")))
        #expect(throws: CredentialHelper.Failure.self) { try decode("pa:ss") }
    }
}
