/** What the first tab shows: how to come from nothing to a first answer of one's own. Lines fit into half of a small window. */
export const firstSteps = `# Welcome to the Snapinfra API. First steps:
#
# 1. Put the cursor into SignUp, press Ctrl-Enter.
#    (Or the play button. Been here before? SignIn.)
# 2. Copy the accessToken of the answer into Headers
#    below, after "Bearer ".
# 3. Run CreateProject, then Viewer: your account
#    with its projects, in one request.
#
# Ctrl-Space completes. The book on the left
# documents every type and field. With the header
# x-snapinfra-explain at 1, answers list their
# database calls and what they cost.

mutation SignUp {
  signUp(
    input: {
      email: "you@example.com"
      password: "a-long-passphrase"
      username: "you"
    }
  ) {
    accessToken
    expiresAt
    userErrors {
      code
      message
      field
    }
  }
}

mutation SignIn {
  signIn(
    input: {
      email: "you@example.com"
      password: "a-long-passphrase"
    }
  ) {
    accessToken
    expiresAt
    userErrors {
      code
      message
      field
    }
  }
}

mutation CreateProject {
  projectCreate(input: { name: "My first project" }) {
    project {
      id
      name
    }
    userErrors {
      code
      message
      field
    }
  }
}

query Viewer {
  viewer {
    id
    email
    projects(first: 10) {
      nodes {
        id
        name
        status
        createdAt
      }
    }
  }
}
`;
