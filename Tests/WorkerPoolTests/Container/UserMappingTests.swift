import ContainerEngine
import Foundation
import Settings
import Testing

@testable import WorkerPool

@Suite("User namespaces of engines")
struct UserMappingTests {
    private static let root = ContainerUser(uid: 0, gid: 0)
    private static let user = ContainerUser(uid: 1000, gid: 1001)

    private static func info(_ json: String) throws -> EngineInfo {
        try JSONDecoder().decode(EngineInfo.self, from: Data(json.utf8))
    }

    private static let remapped =
        #"{"SecurityOptions":["name=seccomp,profile=default","name=userns"],"DockerRootDir":"/d/docker/100000.200000"}"#
    private static let rootless = #"{"SecurityOptions":["name=seccomp,profile=default","name=rootless"]}"#

    @Test(arguments: [
        ("{}", EngineKind.docker, root, UserMapping.same), ("{}", .podman, user, .same),
        (remapped, .docker, root, .shifted(firstUser: 100000, firstGroup: 200000)),
        (#"{"Rootless":true}"#, .podman, user, .keepingOwn),
    ])
    func whatAnEngineSaysDecides(json: String, kind: EngineKind, own: ContainerUser, mapping: UserMapping) throws {
        #expect(try UserMapping(Self.info(json), kind: kind, user: Self.user, own: own) == mapping)
    }

    @Test func usersAreCountedFromTheFirst() {
        let mapping = UserMapping.shifted(firstUser: 100000, firstGroup: 200000)
        #expect(mapping.outside(Self.user) == ContainerUser(uid: 101000, gid: 201001))
        #expect(UserMapping.keepingOwn.outside(Self.user) == Self.user)
        #expect(UserMapping.keepingOwn.usernsMode == "keep-id")
        #expect(UserMapping.same.usernsMode == nil)
    }

    @Test func inARootlessDockerOnlyRootIsSomebody() throws {
        let info = try Self.info(Self.rootless)
        let mapping = try UserMapping(info, kind: .docker, user: Self.root, own: Self.user)
        #expect(mapping.outside(Self.root) == Self.user)
        let problem = #expect(throws: UserMappingProblem.self) {
            try UserMapping(info, kind: .docker, user: Self.user, own: Self.user)
        }
        #expect(problem?.hint.contains("workers.docker.allowRoot") == true)
    }

    @Test(arguments: [
        (remapped, user, "only root can give"),
        (#"{"SecurityOptions":["name=userns"],"DockerRootDir":"/d/docker"}"#, root, "does not say which: /d/docker"),
    ])
    func whatCantBeHadIsToldWithTheFix(json: String, own: ContainerUser, words: String) throws {
        let info = try Self.info(json)
        let problem = #expect(throws: UserMappingProblem.self) {
            try UserMapping(info, kind: .docker, user: Self.user, own: own)
        }
        #expect(problem?.message.contains(words) == true)
        #expect(problem?.hint.isEmpty == false)
    }
}
