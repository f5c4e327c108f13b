// google.iam.v1.IAMPolicy: everything is permitted here. A resource that does not exist has no permissions
// ("this will return an empty set of permissions, not a NOT_FOUND error").

import { notHere } from "./rpc-error.ts";
import type { PubSubStore } from "./store.ts";
import { type Unary, type UnaryService, unary } from "./unary.ts";
import type { TestIamPermissionsRequest } from "./wire.ts";

const noPolicies: Unary = () => {
  throw notHere("IAM policies");
};

export function iamService(store: PubSubStore): UnaryService {
  return {
    TestIamPermissions: unary(({ resource, permissions }: TestIamPermissionsRequest) => ({
      permissions: store.hasTopic(resource) || store.hasSubscription(resource) ? permissions : [],
    })),
    GetIamPolicy: noPolicies,
    SetIamPolicy: noPolicies,
  };
}
