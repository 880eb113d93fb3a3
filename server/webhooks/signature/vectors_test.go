package signature_test

import (
	"testing"
	"time"

	"wedsync/server/webhooks/signature"
)

// stripeBody is event_test_signature.json of stripe-dotnet's tests.
const stripeBody = `{
  "id": "evt_123",
  "object": "event",
  "account": "acct_123",
  "api_version": "2017-05-25",
  "created": 1533204620,
  "data": {
    "object": {
      "id": "ii_123",
      "object": "invoiceitem",
      "amount": 1000,
      "currency": "usd",
      "customer": "cus_123",
      "date": 1533204620,
      "description": "Test Invoice Item",
      "discountable": false,
      "invoice": "in_123",
      "livemode": false,
      "metadata": {},
      "period": {
        "start": 1533204620,
        "end": 1533204620
      },
      "plan": null,
      "proration": false,
      "quantity": null,
      "subscription": null
    }
  },
  "livemode": false,
  "pending_webhooks": 1,
  "request": {
    "id": "req_123",
    "idempotency_key": "idempotency-key-123"
  },
  "type": "invoiceitem.created"
}
`

const (
	twilioURL  = "https://mycompany.com/myapp.php?foo=1&bar=2"
	twilioHash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
)

// TestPublishedVectorsPass holds each scheme against signatures that its makers
// published.
func TestPublishedVectorsPass(t *testing.T) {
	for _, v := range []struct {
		name, source string
		at           int64
		header       map[string]string
		url, body    string
		verify       func(signature.Request) (signature.Signed, error)
	}{
		{
			name: "GitHub", source: "docs.github.com, Validating webhook deliveries, Testing the webhook payload validation",
			header: map[string]string{"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
			body:   "Hello, World!",
			verify: func(r signature.Request) (signature.Signed, error) {
				return signature.HMAC(r, "X-Hub-Signature-256", "sha256=", []string{"It's a Secret to Everybody"})
			},
		},
		{
			name: "hexadecimal HMAC", source: "RFC 4231, test case 2",
			header: map[string]string{"X-Webhook-Signature": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
			body:   "what do ya want for nothing?",
			verify: func(r signature.Request) (signature.Signed, error) {
				return signature.HMAC(r, "X-Webhook-Signature", "", []string{"Jefe"})
			},
		},
		{
			name: "Standard Webhooks", source: "standard-webhooks v0.0.1, libraries/go/webhook_test.go, TestWebhookSign", at: 1614265330,
			header: map[string]string{
				"Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "Webhook-Timestamp": "1614265330",
				"Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
			},
			body: `{"test": 2432232314}`,
			verify: func(r signature.Request) (signature.Signed, error) {
				return signature.Standard(r, []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
			},
		},
		{
			name: "Svix", source: "the same by its older headers", at: 1614265330,
			header: map[string]string{
				"Svix-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "Svix-Timestamp": "1614265330",
				"Svix-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
			},
			body: `{"test": 2432232314}`,
			verify: func(r signature.Request) (signature.Signed, error) {
				return signature.Standard(r, []string{"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
			},
		},
		{
			name: "Stripe", source: "stripe-dotnet, StripeTests, EventUtilityTest", at: 1533204620 + 100,
			header: map[string]string{"Stripe-Signature": "t=1533204620,v1=f0bdba6d4eacbd8ad8a3bbadd7248e633ec1477f7899c124c51b39405fa36613,v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef"},
			body:   stripeBody,
			verify: func(r signature.Request) (signature.Signed, error) {
				return signature.Timestamped(r, "Stripe-Signature", []string{"webhook_secret"})
			},
		},
		{
			name: "Twilio, form", source: "twilio-go v1.31.0, client/request_validator_test.go",
			header: map[string]string{"X-Twilio-Signature": "vOEb5UThFn24KEfnOFLQY2AE5FY="},
			url:    twilioURL,
			body:   "Digits=1234&CallSid=CA1234567890ABCDE&To=%2B18005551212&Caller=%2B14158675309&From=%2B14158675309&ReasonConferenceEnded=test&Reason=Participant",
			verify: twilioVector,
		},
		{
			name: "Twilio, form without special characters", source: "twilio-go, the same test",
			header: map[string]string{"X-Twilio-Signature": "NBdBDr/T/lgjI+tlgpXjKZQZs/k="},
			url:    twilioURL, body: "property=value&boolean=true", verify: twilioVector,
		},
		{
			name: "Twilio, JSON", source: "twilio-go, the same test",
			header: map[string]string{"X-Twilio-Signature": "a9nBmqA0ju/hNViExpshrM61xv4="},
			url:    twilioURL + "&bodySHA256=" + twilioHash, body: `{"property": "value", "boolean": true}`, verify: twilioVector,
		},
		{
			name: "Twilio, JSON without other parameters", source: "twilio-go, the same test",
			header: map[string]string{"X-Twilio-Signature": "y77kIzt2vzLz71DgmJGsen2scGs="},
			url:    "https://mycompany.com/myapp.php?bodySHA256=" + twilioHash, body: `{"property": "value", "boolean": true}`, verify: twilioVector,
		},
	} {
		t.Run(v.name, func(t *testing.T) {
			r := signature.Request{Header: headers(v.header), URL: v.url, Body: []byte(v.body), Now: time.Unix(v.at, 0)}
			if _, err := v.verify(r); err != nil {
				t.Errorf("the vector of %s: %q", v.source, reasonOf(err))
			}
			r.Body = append([]byte(v.body), ' ')
			if _, err := v.verify(r); reasonOf(err) != signature.Wrong {
				t.Errorf("its body with a space at the end: %q, want %q", reasonOf(err), signature.Wrong)
			}
		})
	}
}

func twilioVector(r signature.Request) (signature.Signed, error) {
	return signature.Twilio(r, []string{"12345"})
}

// headers are headers as a server has them.
func headers(values map[string]string) map[string][]string {
	h := make(map[string][]string)
	for name, value := range values {
		h[name] = []string{value}
	}
	return h
}
